// Which parameters a request has that its API does not know: pairs of the query
// and of a form, members of a JSON object. Credentials and the version of a REST
// API that stand in the query are known. Only for APIs that reject unknown ones
// (Api::unknown_detail), after each known one was found at most once: the first
// unknown name ends the search, so the work is linear in the request.
#pragma once

#include <string>
#include <string_view>

#include "core/call/parameters.hpp"
#include "core/text/flat_json.hpp"

namespace tablegate::core {

// `form`: the body's pairs, or empty; `json`: the members of the body's object, or none. The problem names
// what the API has, never what the caller sent.
Problem refuse_unknown(const Api& api, const RequestData& request, std::string_view form,
                       const FlatObject& json);

// Whether a name of the query, as it was sent, is that of a credential of the API.
bool is_credential(const Api& api, const RequestData& request, std::string_view raw);

// "a parameter is unknown: this API has user_id, age", for Api::unknown_detail.
std::string unknown_detail(const Api& api);

}  // namespace tablegate::core
