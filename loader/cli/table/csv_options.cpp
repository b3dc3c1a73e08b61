#include "cli/table/csv_options.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/near_name.hpp"
#include "base/refusal.hpp"
#include "core/text/ascii.hpp"
#include "core/text/utf8.hpp"
#include "source/partition_text.hpp"

namespace tablegate::loader {
namespace {

RowHeader header_of(const std::string& word) {
  if (word == "names") return RowHeader::names;
  if (word == "position") return RowHeader::position;
  return word == "none" ? RowHeader::none : RowHeader::detect;
}

std::string read_delimiter(const CsvArguments& arguments, bool text) {
  if (arguments.delimiter == "tab") return "\t";
  const std::string delimiter = read_escapes(arguments.delimiter, "--delimiter");
  const bool line_end = delimiter.find_first_of("\r\n") != std::string::npos;
  if (!text && (delimiter.size() != 1 || delimiter == "\"" || line_end || delimiter[0] == '\0' ||
                static_cast<unsigned char>(delimiter[0]) >= 0x80)) {
    throw WrongUsage(
        "--delimiter must be one byte (\\t for a tab), not a quote or line end; --format text allows more");
  }
  if (delimiter.empty() || line_end) throw WrongUsage("--delimiter must not be empty or hold a line end");
  return delimiter;
}

void check_null(const CsvOptions& options) {
  if (options.null.find_first_of("\r\n") != std::string::npos ||
      options.null.find(options.delimiter) != std::string::npos ||
      (options.format == RowFormat::csv && options.quotes == CsvQuotes::strict &&
       options.null.find('"') != std::string::npos)) {
    throw WrongUsage("--null must not hold the delimiter, a quote or a line end");
  }
}

void read_constants(const std::vector<std::string>& partitions, const TableSpec& spec, CsvOptions& options) {
  const std::vector<std::string> names = spec.column_names();
  for (const std::string& partition : partitions) {
    for (auto& [name, value] : split_partition(partition, names[0] + "=VALUE")) {
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        throw Refused(fmt::format("--partition {}: the table has no column \"{}\"{}", partition, name,
                                  did_you_mean(name, names)),
                      Hint::command({"table", "columns", spec.name}));
      }
      for (const auto& other : options.constants) {
        if (other.first == name)
          throw Refused(fmt::format("--partition: \"{}\" has two values; a file of rows has one", name),
                        Hint());
      }
      if (!core::valid_text(value))
        throw Refused(fmt::format("--partition: the value of \"{}\" is not UTF-8", name));
      options.constants.emplace_back(name, value);
    }
  }
  if (options.constants.size() == names.size())
    throw Refused("--partition sets every column; a load requires at least one column in the file");
}

// COLUMN=FORMAT, or a format for all columns of dates and times.
void read_time_formats(const std::vector<std::string>& texts, const TableSpec& spec, CsvOptions& options) {
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    const bool named = equals != std::string::npos && text.find('%') > equals;
    const std::string name = named ? core::to_lower(text.substr(0, equals)) : "";
    const bool known = std::any_of(spec.columns.begin(), spec.columns.end(), [&](const TableColumn& column) {
      TimeKind kind{};
      return (name.empty() || column.name == name) && time_kind(column.type, kind);
    });
    if (!known) {
      throw Refused(fmt::format("--time-format: the table has no column {}of dates or times{}",
                                named ? fmt::format("\"{}\" ", name) : "",
                                named ? did_you_mean(name, spec.column_names()) : ""),
                    Hint::command({"table", "columns", spec.name}));
    }
    options.time_formats.emplace_back(name, TimeFormat(named ? text.substr(equals + 1) : text));
  }
}

}  // namespace

std::string read_escapes(const std::string& text, const std::string& option) {
  std::string out;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\') {
      out += text[at];
      continue;
    }
    const char letter = at + 1 < text.size() ? text[++at] : '\0';
    const size_t digits = letter == 'u' ? 4 : letter == 'x' ? 2 : 0;
    if (digits > 0) {
      const std::string hex = text.substr(at + 1, digits);
      if (hex.size() != digits || hex.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos)
        throw WrongUsage(fmt::format("{}: \\{} requires {} hexadecimal digits", option, letter, digits));
      const auto code = static_cast<unsigned>(std::stoul(hex, nullptr, 16));
      if (letter == 'u')
        core::append_utf8(out, code);
      else
        out += static_cast<char>(code);
      at += digits;
      continue;
    }
    switch (letter) {
      case 't':
        out += '\t';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case '\\':
        out += '\\';
        break;
      default:
        throw WrongUsage(fmt::format("{}: the valid escapes are \\t \\n \\r \\\\ \\x01 \\u0001", option));
    }
  }
  return out;
}

void join_header_words(std::vector<std::string>& words) {
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& value = words[i + 1];
    if (words[i] != "--header" || (value != "none" && value != "names" && value != "position")) continue;
    words[i] += "=" + value;
    words.erase(words.begin() + static_cast<std::ptrdiff_t>(i) + 1);
  }
}

void add_csv_options(Verb& verb, CsvArguments& arguments) {
  const std::string group = "Files";
  verb.add_option("--format", arguments.format,
                  "csv (default), or text: odpscmd's plain files, without quotes and escapes")
      ->check(one_of({"csv", "text"}))
      ->group(group);
  verb.add_flag("--header{names}", arguments.header,
                "the first record names the columns, in any order; --header position: it is skipped, "
                "--header none: "
                "it is a row (default: a header if it names every column, and rejected if it nearly does)")
      ->check(one_of({"names", "position", "none"}))
      ->group(group);
  verb.add_option("--delimiter", arguments.delimiter,
                  "separator of fields: one byte (default: a comma); text: any bytes. \\t, \\x01, \\u0001")
      ->group(group);
  verb.add_option(
          "--quote", arguments.quote,
          "none: a quote is a byte like others (default: a field may be in quotes, as RFC 4180 has it)")
      ->check(one_of({"none"}))
      ->group(group);
  verb.add_flag("--lenient-quotes", arguments.lenient_quotes,
                "a quote that does not begin or end a field is text: 5\" pipe (default: its row is bad)")
      ->group(group);
  verb.add_option("--record-end", arguments.record_end,
                  "text: end of each record (default: the line end of the first one)")
      ->group(group);
  verb.add_option("--null", arguments.null,
                  "fields with this text are NULL (default: empty ones); empty numbers and times always are")
      ->group(group);
  verb.add_option("--charset", arguments.charset,
                  "a charset of iconv -l: gbk, gb18030 (default: UTF-8); a byte order mark has priority")
      ->group(group);
  verb.add_option(
          "--time-format", arguments.time_formats,
          "[COLUMN=]FORMAT of dates and times, as in strptime: '%d.%m.%Y %H:%M', '%d-%b-%y', %p, %f, %z, %s; "
          "repeat for more, the first that fits counts (default: ISO 8601 only)")
      ->group(group)
      ->allow_extra_args(false);
  verb.add_option("--zone", arguments.zone,
                  "time zone of the times in the file, Area/City or UTC (default: the table's time_zone)")
      ->group(group);
  verb.add_option("--max-errors", arguments.max_errors,
                  "set aside up to N bad rows; one more ends the load (default: 0)")
      ->check(non_negative_number())
      ->group(group);
  verb.add_option("--rejects", arguments.rejects,
                  "CSV file for bad rows: file, line, column, reason, record (default: NAME.rejects.csv)")
      ->group(group);
}

CsvOptions csv_options(const CsvArguments& arguments, const std::vector<std::string>& partitions,
                       const std::string& path, const TableSpec& spec) {
  CsvOptions options;
  const bool text = arguments.format == "text";
  options.path = path;
  options.format = text ? RowFormat::text : RowFormat::csv;
  options.header = header_of(arguments.header);
  options.delimiter = read_delimiter(arguments, text);
  if (text && (!arguments.quote.empty() || arguments.lenient_quotes))
    throw WrongUsage("--format text has no quotes: --quote and --lenient-quotes are for csv");
  if (!arguments.quote.empty() && arguments.lenient_quotes)
    throw WrongUsage("--quote none and --lenient-quotes exclude each other");
  options.quotes = !arguments.quote.empty()   ? CsvQuotes::none
                   : arguments.lenient_quotes ? CsvQuotes::lenient
                                              : CsvQuotes::strict;
  if (!arguments.record_end.empty() && !text) throw WrongUsage("--record-end requires --format text");
  options.record_end = read_escapes(arguments.record_end, "--record-end");
  if (text && options.record_end.find(options.delimiter) != std::string::npos)
    throw WrongUsage("--record-end must not hold the --delimiter");
  options.null = arguments.null;
  check_null(options);
  options.charset = arguments.charset;
  options.zone = arguments.zone;
  read_time_formats(arguments.time_formats, spec, options);
  if (arguments.max_errors) options.max_errors = static_cast<uint64_t>(*arguments.max_errors);
  if (!arguments.rejects.empty() && !arguments.max_errors)
    throw WrongUsage("--rejects requires --max-errors N");
  options.rejects = arguments.rejects.empty() ? spec.name + ".rejects.csv" : arguments.rejects;
  read_constants(partitions, spec, options);
  return options;
}

}  // namespace tablegate::loader
