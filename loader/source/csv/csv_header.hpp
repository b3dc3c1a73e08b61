// Whether the first record of a file is a header: one that names every column is,
// one that nearly does is misspelt and must not become a row.
#pragma once

#include <string>
#include <vector>

namespace tablegate::loader {

// Names every column, of two or more. Such a record is never a row, whatever the options say: no one passes
// --header to a scheduled refresh.
bool is_header(const std::vector<std::string>& fields, const std::vector<std::string>& columns);

// Some field is a column's name, or nearly that of its own column, and none is a number or a date.
bool is_nearly_header(const std::vector<std::string>& fields, const std::vector<std::string>& columns);

// `"lable" (did you mean "label"?), "x"`: each field that is no column's name.
std::string unknown_names(const std::vector<std::string>& fields, const std::vector<std::string>& columns);

// The delimiter that would give `record` a field for each column, as it is typed (";", "\t"), where
// `delimiter` gives fewer; else empty.
std::string other_delimiter(const std::string& record, size_t fields, size_t columns,
                            const std::string& delimiter);

}  // namespace tablegate::loader
