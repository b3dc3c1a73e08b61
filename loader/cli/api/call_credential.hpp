// The credential of `api call`: which type it is, and where it is in the
// request.
#pragma once

#include <string>

#include "cli/api/api_request.hpp"
#include "cli/api/api_verbs.hpp"

namespace tablegate::loader {

// What is sent beside the request's own parameters.
struct CallCredential {
  Values headers;
  Values query;
};

// From --credential (an API key, access_key:secret, a token, or a private JWK or PEM that makes one) or, with
// --consumer alone, from what the catalog holds sealed. Throws Refused where the API takes no such type.
CallCredential make_credential(Database& catalog, const ApiRequest& request, const ApiOptions& options);

}  // namespace tablegate::loader
