// What the shape alone does not say: lengths, characters and fields that go
// together. Without the catalog: what refers to other objects is checked by
// apply.hpp and api_rules.hpp.
#pragma once

#include <string>

#include "model/definition.hpp"
#include "model/table_definition.hpp"

namespace tablegate::loader {

// Checks a definition whose schema held, and marks it as broken when a rule does not hold.
void check_rules(Definition& definition, Problems& problems);

// Folds `ddl_file` into `ddl`, reads the DDL, and checks key and indexes against its columns. Marks it as
// broken when something does not hold. `source_type`: of its data source.
TableInfo read_table(Definition& definition, const std::string& source_type, Problems& problems);

// The path of a DataSource becomes absolute: loads run in other folders. Returns what changed, in words, or
// "".
std::string make_path_absolute(Definition& definition);

// Adds a Table's `ddl`, which it does not have.
void set_ddl(Definition& definition, const std::string& text);

}  // namespace tablegate::loader
