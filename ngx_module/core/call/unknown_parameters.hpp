// Which parameters a request has that its API does not know: pairs of the query
// and of a form, members of a JSON object. Credentials and the version of a REST
// API that are in the query are known. Only for APIs that reject unknown ones
// (Api::unknown_detail). Names are found by their slot (given_values.hpp), so the
// work is linear in the request, also where a list is given many times.
#pragma once

#include <string>
#include <string_view>

#include "core/call/given_values.hpp"
#include "core/call/parameters.hpp"

namespace tablegate::core {

// `given`: has read the request. The problem names what the API has, never what the caller sent.
Problem refuse_unknown(const Api& api, const RequestData& request, GivenValues& given);

// Whether a name of the query, as it was sent, is that of a credential: the API's key, or a token of any
// consumer, also where the API takes none.
bool is_credential(const Api& api, const RequestData& request, std::string_view raw);

// "a parameter is unknown: this API has user_id, age", for Api::unknown_detail.
std::string unknown_detail(const Api& api);

}  // namespace tablegate::core
