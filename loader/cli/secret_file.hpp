// Files with keys and secrets that options name (--credential, --from-file,
// --secret-file). People type the secret itself there: a word that is neither a file
// nor in a folder that is there is never repeated, neither in a message nor in the
// command that it proposes.
#pragma once

#include <string>
#include <vector>

namespace tablegate::loader {

// The bytes of the file, or of standard input for "-". Throws SystemFailure, which does not name what may be
// a secret. More than `limit` bytes are rejected.
std::string read_secret_file(const std::string& option, const std::string& path, size_t limit);

// Whether word `at` of a command line is, or holds, the value of such an option and may be the secret itself.
bool may_be_secret(const std::vector<std::string>& words, size_t at);
// Whether such an option is given at all.
bool names_secret(const std::vector<std::string>& words);

}  // namespace tablegate::loader
