// The loader's credentials for MaxCompute: from the environment, or from a file
// in the form of odpscmd's odps_config.ini that only its owner can read. They
// never come from a definition or the command line, and no message holds them.
#pragma once

#include <string>
#include <string_view>

namespace tablegate::loader {

struct MaxComputeCredentials {
  std::string access_id;
  std::string access_key;      // the secret
  std::string security_token;  // of temporary (STS) credentials, else empty

  bool operator==(const MaxComputeCredentials& other) const {
    return access_id == other.access_id && access_key == other.access_key &&
           security_token == other.security_token;
  }
};

// `file` empty: ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET and, if set,
// ALIBABA_CLOUD_SECURITY_TOKEN. Throws Refused when something is missing or others can read the file,
// SystemFailure when it cannot be read.
MaxComputeCredentials read_credentials(const std::string& file);

// The credentials file: `given` (of the command line), else that of TABLEGATE_MAXCOMPUTE_CREDENTIALS, for
// commands without the option (`apply`, the loads of `table watch`). Empty: the environment's credentials.
std::string credentials_file(const std::string& given);
inline constexpr const char* kCredentialsVariable = "TABLEGATE_MAXCOMPUTE_CREDENTIALS";

// Reads the text of a configuration file: NAME=VALUE lines, # comments, [sections]. Throws Refused.
MaxComputeCredentials parse_credentials(std::string_view text, const std::string& file);

}  // namespace tablegate::loader
