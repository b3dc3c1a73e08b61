// The master key file: 32 random bytes in hex, on every machine that runs sync.
// It seals what must be kept readable (HMAC secrets, later). The catalog keeps
// only its fingerprint, so that a second or a wrong key is noticed.
#pragma once

#include <string>

namespace tablegate::loader {

// TABLEGATE_MASTER_KEY_FILE or /etc/tablegate/master.key.
std::string master_key_path();

struct MasterKey {
  std::string fingerprint;  // hex SHA-256 of the key's bytes
  bool created = false;
};

// The fingerprint of the file's key, or empty where there is no file. Throws Refused when others than its
// owner can read it or it holds no key, SystemFailure when it cannot be read.
std::string read_fingerprint(const std::string& path);

// `known`: the catalog's fingerprint or empty. Makes the file (0600, never over another) when neither is
// there. Throws Refused when the catalog has a fingerprint and the file is missing or another key's.
MasterKey ensure_master_key(const std::string& path, const std::string& known);

}  // namespace tablegate::loader
