#include "orlop/container/unfinished_update.hpp"

#include "oci/described.hpp"

namespace {

using orlop::container::OldValue;
using orlop::container::UnfinishedUpdate;

constexpr auto old_value = oci::table<OldValue>(
    oci::required<&OldValue::directory>("directory"),
    oci::required<&OldValue::file>("file"),
    oci::required<&OldValue::value>("value"));

constexpr auto unfinished = oci::table<UnfinishedUpdate>(
    oci::required<&UnfinishedUpdate::wanted>("wanted"),
    oci::required<&UnfinishedUpdate::resources>("resources"),
    oci::optional<&UnfinishedUpdate::old_values>("oldValues"),
    oci::optional<&UnfinishedUpdate::old_schemata>("oldSchemata"));

}  // namespace

template <>
oci::Type const oci::Object<OldValue>::type = oci::object_type(old_value);
template <>
oci::Type const oci::Object<UnfinishedUpdate>::type = oci::object_type(unfinished);
