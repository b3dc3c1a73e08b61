// core/types: names, OIDs, and which parameter types fit which columns.
#include "core/manifest/types.hpp"

#include "core_testing.hpp"

using namespace tablegate::core;

namespace {

constexpr ColumnType kColumns[] = {ColumnType::int2,    ColumnType::int4,      ColumnType::int8,
                                   ColumnType::float4,  ColumnType::float8,    ColumnType::numeric,
                                   ColumnType::boolean, ColumnType::text,      ColumnType::bytea,
                                   ColumnType::date,    ColumnType::timestamp, ColumnType::timestamptz,
                                   ColumnType::json,    ColumnType::jsonb,     ColumnType::interval};
constexpr ParameterType kParameters[] = {
    ParameterType::string,  ParameterType::int_,    ParameterType::long_,
    ParameterType::float_,  ParameterType::double_, ParameterType::boolean,
    ParameterType::decimal, ParameterType::date,    ParameterType::datetime};

START_TEST(column_types_are_read_back_from_their_names) {
  for (ColumnType type : kColumns) {
    const auto again = parse_column_type(column_type_name(type));
    ck_assert(again.has_value());
    ck_assert(*again == type);
  }
  ck_text_eq(column_type_name(ColumnType::boolean), "bool");
  ck_text_eq(column_type_name(ColumnType::interval), "interval");
}
END_TEST

START_TEST(column_type_names_are_exact) {
  for (const char* name :
       {"", "INT4", "int", "bigint", "int8 ", " int8", "boolean", "varchar", "timestamp with time zone"}) {
    ck_assert_msg(!parse_column_type(name), "%s", name);
  }
}
END_TEST

START_TEST(parameter_types_are_read_back_from_their_names) {
  for (ParameterType type : kParameters) {
    const auto again = parse_parameter_type(parameter_type_name(type));
    ck_assert(again.has_value());
    ck_assert(*again == type);
  }
}
END_TEST

START_TEST(parameter_type_names_are_exact) {
  for (const char* name : {"", "string", "Int", "BIGINT", "LONG ", "TIMESTAMP"}) {
    ck_assert_msg(!parse_parameter_type(name), "%s", name);
  }
}
END_TEST

START_TEST(oids_are_postgresql_s) {
  const std::pair<ColumnType, uint32_t> kOids[] = {
      {ColumnType::int2, 21},    {ColumnType::int4, 23},        {ColumnType::int8, 20},
      {ColumnType::float4, 700}, {ColumnType::float8, 701},     {ColumnType::numeric, 1700},
      {ColumnType::boolean, 16}, {ColumnType::text, 25},        {ColumnType::bytea, 17},
      {ColumnType::date, 1082},  {ColumnType::timestamp, 1114}, {ColumnType::timestamptz, 1184},
      {ColumnType::json, 114},   {ColumnType::jsonb, 3802},     {ColumnType::interval, 1186}};
  for (const auto& [type, oid] : kOids) ck_assert_uint_eq(column_type_oid(type), oid);
  const std::pair<ColumnType, uint32_t> kArrays[] = {
      {ColumnType::int2, 1005},    {ColumnType::int4, 1007},      {ColumnType::int8, 1016},
      {ColumnType::float4, 1021},  {ColumnType::float8, 1022},    {ColumnType::numeric, 1231},
      {ColumnType::boolean, 1000}, {ColumnType::text, 1009},      {ColumnType::bytea, 1001},
      {ColumnType::date, 1182},    {ColumnType::timestamp, 1115}, {ColumnType::timestamptz, 1185},
      {ColumnType::json, 199},     {ColumnType::jsonb, 3807},     {ColumnType::interval, 1187}};
  for (const auto& [type, oid] : kArrays) ck_assert_uint_eq(array_type_oid(type), oid);
}
END_TEST

START_TEST(parameters_compare_with_columns_of_their_own_family_only) {
  auto count = [](ParameterType parameter) {
    int good = 0;
    for (ColumnType type : kColumns) good += compatible(parameter, type) ? 1 : 0;
    return good;
  };
  ck_assert_int_eq(count(ParameterType::string), 1);
  ck_assert_int_eq(count(ParameterType::int_), 4);
  ck_assert_int_eq(count(ParameterType::long_), 4);
  ck_assert_int_eq(count(ParameterType::decimal), 1);
  ck_assert_int_eq(count(ParameterType::float_), 2);
  ck_assert_int_eq(count(ParameterType::double_), 2);
  ck_assert_int_eq(count(ParameterType::boolean), 1);
  ck_assert_int_eq(count(ParameterType::date), 1);
  ck_assert_int_eq(count(ParameterType::datetime), 2);
  ck_assert(compatible(ParameterType::string, ColumnType::text));
  ck_assert(!compatible(ParameterType::string, ColumnType::int4));
  ck_assert(compatible(ParameterType::int_, ColumnType::numeric));
  ck_assert(!compatible(ParameterType::decimal, ColumnType::int8));
  ck_assert(!compatible(ParameterType::double_, ColumnType::numeric));
  ck_assert(!compatible(ParameterType::date, ColumnType::timestamp));
  ck_assert(!compatible(ParameterType::datetime, ColumnType::date));
}
END_TEST

START_TEST(the_natural_parameter_type_goes_with_its_column) {
  for (ColumnType type : kColumns) {
    const auto natural = natural_parameter_type(type);
    if (natural) {
      ck_assert(compatible(*natural, type));
    } else {
      for (ParameterType parameter : kParameters) ck_assert(!compatible(parameter, type));
    }
  }
  ck_assert(natural_parameter_type(ColumnType::int8) == ParameterType::long_);
  ck_assert(natural_parameter_type(ColumnType::timestamptz) == ParameterType::datetime);
  ck_assert(!natural_parameter_type(ColumnType::bytea));
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_types", column_types_are_read_back_from_their_names, column_type_names_are_exact,
                parameter_types_are_read_back_from_their_names, parameter_type_names_are_exact,
                oids_are_postgresql_s, parameters_compare_with_columns_of_their_own_family_only,
                the_natural_parameter_type_goes_with_its_column);
