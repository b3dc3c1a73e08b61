#include "compile/program_json.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <string_view>
#include <vector>

namespace tablegate::loader {
namespace {

class NodeWriter {
 public:
  void nodes(const core::Nodes& all) {
    writer_.StartArray();
    std::string joined;
    for (size_t place = 0; place < all.size(); ++place) {
      const auto* const sql = std::get_if<core::TextNode>(&all[place].is);
      if (sql == nullptr) {
        std::visit([this](const auto& one) { write(one); }, all[place].is);
        continue;
      }
      // Pieces of text one after the other are one: where each is from is only for messages.
      joined = sql->sql;
      while (place + 1 < all.size() && std::holds_alternative<core::TextNode>(all[place + 1].is))
        joined += std::get<core::TextNode>(all[++place].is).sql;
      writer_.String(joined.data(), static_cast<rapidjson::SizeType>(joined.size()));
    }
    writer_.EndArray();
  }

  std::string finish() const { return {buffer_.GetString(), buffer_.GetSize()}; }

 private:
  void text(std::string_view text) {
    writer_.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  }

  void member(const char* name, const core::Nodes& content) {
    writer_.Key(name);
    nodes(content);
  }

  void member(const char* name, const std::string& value) {
    if (value.empty()) return;
    writer_.Key(name);
    text(value);
  }

  void member(const char* name, const std::vector<std::string>& words) {
    if (words.empty()) return;
    writer_.Key(name);
    writer_.StartArray();
    for (const std::string& word : words) text(word);
    writer_.EndArray();
  }

  void decision(const char* name, const core::IfNode& node) {
    writer_.StartObject();
    writer_.Key(name);
    writer_.StartObject();
    if (node.condition.test) {
      writer_.Key("test");
      write(*node.condition.test);
    } else {
      writer_.Key("present");
      writer_.Uint(node.condition.present);
    }
    writer_.EndObject();
    member("then", node.then);
    writer_.EndObject();
  }

  void write(const core::TextNode&) {}  // nodes() does it

  void write(const core::TableNode& node) {
    writer_.StartObject();
    writer_.Key("table");
    text(node.name);
    writer_.EndObject();
  }

  void write(const core::GenerationNode& node) {
    writer_.StartObject();
    writer_.Key("generation");
    text(node.table);
    writer_.EndObject();
  }

  // {"name": place}
  void placeholder(const char* name, uint32_t place) {
    writer_.StartObject();
    writer_.Key(name);
    writer_.Uint(place);
    writer_.EndObject();
  }

  void write(const core::ValueNode& node) { placeholder("value", node.parameter); }
  void write(const core::ListNode& node) { placeholder("list", node.parameter); }
  void write(const core::ItemNode& node) { placeholder("item", node.level); }

  void write(const core::IndexNode& node) { placeholder("index", node.level); }

  void write(const core::ListItemNode& node) {
    writer_.StartObject();
    writer_.Key("list_item");
    writer_.Uint(node.parameter);
    writer_.Key("place");
    writer_.Uint(node.place);
    writer_.EndObject();
  }

  void write(const core::RejectNode& node) {
    writer_.StartObject();
    writer_.Key("reject");
    write(node.when);
    writer_.Key("parameters");
    writer_.StartArray();
    for (const uint32_t parameter : node.parameters) writer_.Uint(parameter);
    writer_.EndArray();
    writer_.EndObject();
  }

  void write(const core::Expression& expression) {
    using Kind = core::Expression::Kind;
    writer_.StartObject();
    writer_.Key("is");
    text(core::expression_kind_name(expression.kind));
    switch (expression.kind) {
      case Kind::boolean:
        writer_.Key("value");
        writer_.Bool(expression.place == 1);
        break;
      case Kind::number:
      case Kind::text:
        writer_.Key("value");
        text(expression.text);
        break;
      case Kind::parameter:
      case Kind::item:
      case Kind::index:
        writer_.Key("place");
        writer_.Uint(expression.place);
        break;
      case Kind::call:
        writer_.Key("method");
        text(core::method_name(static_cast<core::Method>(expression.place)));
        break;
      default:
        break;
    }
    if (!expression.operands.empty()) {
      writer_.Key("of");
      writer_.StartArray();
      for (const core::Expression& one : expression.operands) write(one);
      writer_.EndArray();
    }
    writer_.EndObject();
  }

  void write(const core::IfNode& node) { decision("if", node); }

  void write(const core::ChooseNode& node) {
    writer_.StartObject();
    writer_.Key("choose");
    writer_.StartArray();
    for (const core::IfNode& when : node.whens) decision("when", when);
    writer_.EndArray();
    if (!node.otherwise.empty()) member("otherwise", node.otherwise);
    writer_.EndObject();
  }

  void write(const core::WhereNode& node) {
    writer_.StartObject();
    member("where", node.content);
    writer_.EndObject();
  }

  void write(const core::TrimNode& node) {
    writer_.StartObject();
    member("trim", node.content);
    member("prefix", node.prefix);
    member("suffix", node.suffix);
    member("prefix_overrides", node.prefix_overrides);
    member("suffix_overrides", node.suffix_overrides);
    writer_.EndObject();
  }

  void write(const core::ForeachNode& node) {
    writer_.StartObject();
    member("foreach", node.content);
    writer_.Key("parameter");
    writer_.Uint(node.parameter);
    member("open", node.open);
    member("close", node.close);
    member("separator", node.separator);
    if (node.pad) {
      writer_.Key("pad");
      writer_.Bool(true);
    }
    writer_.EndObject();
  }

  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_{buffer_};
};

}  // namespace

std::string program_json(const core::Nodes& nodes) {
  NodeWriter writer;
  writer.nodes(nodes);
  return writer.finish();
}

}  // namespace tablegate::loader
