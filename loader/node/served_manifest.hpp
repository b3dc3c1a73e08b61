// What nginx has taken over, from MANIFEST.served (written by the module's
// master process; ngx_module/ngx/served_file.hpp), and the master's state from
// /proc: whether it is alive, and how many generations of its workers are still
// shutting down.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/json_text.hpp"

namespace tablegate::loader {

// What nginx reads in the folder.
inline constexpr const char* kManifestFile = "manifest.json";
inline constexpr const char* kCredentialsFile = "credentials.json";
inline constexpr const char* kDomainsFile = "domains.conf";

// The identity of a manifest and its credentials: their headers.
struct ManifestIdentity {
  std::string gateway;
  uint64_t publication = 0;
  std::string sha256;
  std::string credentials_sha256;
  bool operator==(const ManifestIdentity& other) const {
    return gateway == other.gateway && publication == other.publication && sha256 == other.sha256 &&
           credentials_sha256 == other.credentials_sha256;
  }
};
// In a header, in MANIFEST.served, in a status answer; nullopt: it is none.
std::optional<ManifestIdentity> identity_in(const JsonDocument& document);
// That of the files in the folder; nullopt: there is no manifest.
std::optional<ManifestIdentity> written_manifest(const std::string& folder);

struct ServedManifest {
  ManifestIdentity manifest;
  int64_t master_pid = 0;        // 0: not known
  bool master_seen = false;      // a process with that id exists and is nginx
  bool stopped = false;          // there is no such process, and we would see it
  int64_t other_master = 0;      // of another nginx that reads the same manifest and is alive; 0: none
  int64_t taken_over_ticks = 0;  // clock ticks since boot; 0: not known
  // Identifies one writing of the file: a reload without a change in the manifest writes it again.
  uint64_t inode = 0;
  int64_t written_ns = 0;

  bool same_writing(const ServedManifest& other) const {
    return inode == other.inode && written_ns == other.written_ns;
  }
};

// nullopt: no nginx has ever taken over a manifest of this folder (or the module is older).
std::optional<ServedManifest> read_served(const std::string& folder);

// nginx has taken over exactly the folder's files, domains.conf included; it may have ended since.
bool was_taken_over(const std::string& folder, const ServedManifest& served);

// nginx has taken over exactly the folder's files, domains.conf included, and no older worker that we see
// still accepts requests.
bool is_served(const std::string& folder, const ServedManifest& served);

// Generations of `master`'s workers that are shutting down: workers that started together are one.
int leaving_generations(int64_t master);

}  // namespace tablegate::loader
