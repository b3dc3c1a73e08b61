// `tablegate api generate --from-mapper FILE#ID`: a <select> of a MyBatis mapper as
// the definition of an API in mode script, or what has to change in it first.
#include <fmt/format.h>

#include "catalog/near_object.hpp"
#include "cli/api/api_verbs.hpp"
#include "cli/output.hpp"
#include "model/definition.hpp"
#include "script/mapper.hpp"

namespace tablegate::loader {
namespace {

constexpr size_t kMaxMapperSize = size_t{4} << 20U;

class MapperWizard {
 public:
  MapperWizard(const Settings& settings, const ApiOptions& options)
      : settings_(settings), options_(options) {}

  void run() {
    const size_t mark = options_.from_mapper.rfind('#');
    if (mark == std::string::npos || mark == 0 || mark + 1 == options_.from_mapper.size()) {
      throw WrongUsage("--from-mapper requires FILE#ID: the file of the mapper and the id of its <select>",
                       Hint::again().set("--from-mapper", "FILE#ID"));
    }
    file_ = options_.from_mapper.substr(0, mark);
    read(options_.from_mapper.substr(mark + 1));
    Database catalog = settings_.open_catalog();
    const Workspace workspace = find_workspace(catalog, settings_.workspace);
    if (!has_business_process(catalog, workspace, options_.business_process)) {
      throw Refused(missing_object(catalog, Kind::business_process, options_.business_process, &workspace),
                    Hint::command({"get", "businessprocesses"}));
    }
    data_source_ = data_source_of(catalog, script_.tables);
    if (data_source_.empty()) {
      throw Refused(script_.tables.empty()
                        ? std::string("the statement reads no table")
                        : missing_object(catalog, Kind::table, script_.tables.front(), &workspace),
                    Hint::command({"get", "tables"}));
    }
    print();
  }

 private:
  void read(const std::string& id) {
    const std::string text = read_text_file(file_, kMaxMapperSize);
    std::vector<ScriptFault> faults;
    mapper_ = read_mapper(text, id, faults);
    if (faults.empty()) {
      script_ = read_script({mapper_.text.text, mapper_.parameters, false}, faults);
      for (ScriptFault& fault : faults) fault = mapper_fault(text, mapper_.text, fault);
    }
    if (faults.empty()) return;
    std::string message = fmt::format("\"{}\" of {} is not a script as it is:", id, file_);
    for (const ScriptFault& fault : faults) message += "\n  " + fault_text(fault, file_);
    throw Refused(message, Hint::command({"api", "generate", "--help"}));
  }

  void print() {
    JsonOutput out;
    out.begin_object().key("kind").text("Api").key("name").text(options_.name);
    out.key("business_process").text(options_.business_process).key("path").text(options_.path);
    out.key("method").text("GET").key("response_type").text("JSON").key("mode").text("script");
    out.key("data_source").text(data_source_).key("sql").text(mapper_.text.text);
    out.key("request_parameters").begin_array();
    for (const RequestParameter& one : mapper_.parameters) {
      const bool in_path = options_.path.find("{" + one.name + "}") != std::string::npos;
      out.begin_object().key("name").text(one.name).key("type").text(one.type_text());
      out.key("in")
          .text(in_path ? "path" : "query")
          .key("required")
          .boolean(one.required || in_path)
          .end_object();
    }
    out.end_array().key("authentication").begin_array().text("api_key").end_array().end_object();
    JsonDocument document;
    parse_json(out.take(), document);
    print_line(pretty_json_text(document));
  }

  const Settings& settings_;
  const ApiOptions& options_;
  std::string file_, data_source_;
  MapperScript mapper_;
  Script script_;
};

}  // namespace

void api_from_mapper(const Settings& settings, const ApiOptions& options) {
  MapperWizard(settings, options).run();
}

}  // namespace tablegate::loader
