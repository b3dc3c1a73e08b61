// The clauses of CREATE TABLE that say how MaxCompute or Hive stores a table: they
// mean nothing for a mirror, are read and left out, in any order.
#pragma once

#include <string>
#include <string_view>

#include "model/ddl_reader.hpp"

namespace tablegate::loader {

class DdlClauseReader : protected DdlReader {
 protected:
  using DdlReader::DdlReader;

  bool is_number() const {
    return token_.kind == DdlToken::Kind::word &&
           token_.text.find_first_not_of("0123456789") == std::string::npos;
  }

  // 'a' 'b' is one string, as MaxCompute joins adjacent literals.
  std::string string_literal(std::string_view what) {
    if (token_.kind != DdlToken::Kind::string) refuse(fmt::format("{} expected, {}", what, found()));
    std::string text;
    while (token_.kind == DdlToken::Kind::string) {
      text += token_.text;
      step();
    }
    return text;
  }

  // LIFECYCLE 30, HUBLIFECYCLE 7, INTO 4 SHARDS, TBLPROPERTIES (...), STORED AS ALIORC, ROW FORMAT ..., WITH
  // SERDEPROPERTIES (...). False: none of them is here.
  bool skip_clause() {
    if (take("LIFECYCLE") || take("HUBLIFECYCLE")) {
      if (!is_number()) refuse(fmt::format("days after LIFECYCLE expected, {}", found()));
      step();
    } else if (take("INTO")) {
      if (!is_number()) refuse(fmt::format("a number after INTO expected, {}", found()));
      step();
      if (!take("SHARDS")) expect("BUCKETS");
    } else if (take("TBLPROPERTIES")) {
      skip_properties();
    } else if (take("WITH")) {
      expect("SERDEPROPERTIES");
      skip_properties();
    } else if (take("STORED")) {
      skip_stored();
    } else if (take("ROW")) {
      expect("FORMAT");
      skip_row_format();
    } else {
      return false;
    }
    return true;
  }

 private:
  void skip_properties() {
    expect('(');
    do {
      string_literal("a property's name");
      expect('=');
      string_literal("a property's value");
    } while (take(','));
    expect(')');
  }

  // AS ALIORC, or AS INPUTFORMAT '...' OUTPUTFORMAT '...'.
  void skip_stored() {
    expect("AS");
    if (take("INPUTFORMAT")) {
      string_literal("a class after INPUTFORMAT");
      expect("OUTPUTFORMAT");
      string_literal("a class after OUTPUTFORMAT");
      return;
    }
    if (!at_name()) refuse_found("a format after STORED AS expected");
    step();
  }

  // SERDE '...', or DELIMITED FIELDS TERMINATED BY '\t' ESCAPED BY '...' LINES TERMINATED BY '\n' NULL
  // DEFINED AS ''.
  void skip_row_format() {
    if (take("SERDE")) {
      string_literal("a class after SERDE");
      return;
    }
    expect("DELIMITED");
    for (;;) {
      if (take("NULL")) {
        expect("DEFINED");
        expect("AS");
      } else if (take("ESCAPED")) {
        expect("BY");
      } else if (at("FIELDS") || at("COLLECTION") || at("MAP") || at("LINES")) {
        const bool collection = at("COLLECTION");
        const bool map = at("MAP");
        step();
        if (collection) expect("ITEMS");
        if (map) expect("KEYS");
        expect("TERMINATED");
        expect("BY");
      } else {
        return;
      }
      string_literal("a text in quotes");
    }
  }
};

}  // namespace tablegate::loader
