// The loader's requests to MaxCompute: a table's schema, its partitions,
// download sessions on tables and on queries (views), and the request for a
// range of one. Names and values are passed unescaped; answers are read
// strictly.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "source/maxcompute/maxcompute_http.hpp"
#include "source/maxcompute/maxcompute_type.hpp"
#include "source/partitioned_source.hpp"

namespace tablegate::loader {

// A DataSource of type maxcompute.
struct MaxComputeProject {
  std::string endpoint;  // "https://service.cn-shanghai.maxcompute.aliyun.com/api"
  std::string project;
  std::string schema;  // of a three-level project, else empty
  std::string tunnel;  // configured, or from the endpoint's answer
  std::string region;  // if set, signatures are V4
  std::string quota;
};

struct SourceColumn {
  std::string name;  // lower case
  std::string type;  // in MaxCompute's words
  bool not_null = false;
  std::string comment = {};
};

struct SourceTable {
  std::string name;
  bool by_query = false;  // a view or an external table, which the tunnel rejects
  int64_t modified = 0;   // LastModifiedTime, seconds since 1970; 0: not known
  std::vector<SourceColumn> columns;
  std::vector<SourceColumn> partition_keys;

  // As in CREATE TABLE.
  std::string ddl() const;
};

struct DownloadSession {
  std::string path;  // of the table or instance
  std::string id;
  std::string partition;  // "ds=20260101,hh=01", or empty
  uint64_t records = 0;
  std::vector<SourceColumn> columns;
};

class MaxComputeService {
 public:
  MaxComputeService(MaxComputeProject project, MaxComputeHttp& http);

  // Asks the endpoint for its tunnel, once; a configured tunnel is used without asking.
  const MaxComputeProject& route();

  SourceTable read_table(const std::string& table);
  // The partitions whose values begin with `prefix` (all keys or the first ones), in the service's order.
  std::vector<SourcePartition> list_partitions(const std::string& table, const NamedValues& prefix);

  DownloadSession open_session(const std::string& table, const std::string& partition);
  // Runs a SELECT and opens its result.
  DownloadSession open_query(const std::string& sql);
  // Throws SourceChanged unless the session is still valid.
  void check_session(const DownloadSession& session);

  // GET of records `start` to `start + count`. `columns` empty: all.
  MaxComputeRequest range_request(const DownloadSession& session, uint64_t start, uint64_t count,
                                  const std::vector<std::string>& columns, const std::string& encoding) const;
  // project.schema.table in back-quotes.
  std::string quoted_name(const std::string& table) const;

 private:
  MaxComputeRequest meta_request(const std::string& method, const std::string& path, NamedValues query) const;
  MaxComputeRequest tunnel_request(const std::string& method, const std::string& path,
                                   NamedValues query) const;
  DownloadSession open(const std::string& path, const std::string& partition);
  std::string run_query(const std::string& sql);
  std::string instance_fault(const std::string& path);

  MaxComputeProject project_;
  MaxComputeHttp& http_;
};

}  // namespace tablegate::loader
