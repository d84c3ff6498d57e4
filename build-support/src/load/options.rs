//! Options, read by reflection.

use prost_reflect::{DescriptorPool, DynamicMessage, EnumDescriptor, ExtensionDescriptor, ReflectMessage, Value};
use std::borrow::Cow;

/// The options that the compiler knows; one that the schema does not declare is just never set.
pub(super) struct Options {
    pub policy: Option<ExtensionDescriptor>,
    pub errors: Option<ExtensionDescriptor>,
    pub call: Option<ExtensionDescriptor>,
    pub page: Option<ExtensionDescriptor>,
    pub waivers: Option<ExtensionDescriptor>,
    pub topic: Option<ExtensionDescriptor>,
    pub socket: Option<ExtensionDescriptor>,
    pub id: Option<ExtensionDescriptor>,
    pub frame: Option<ExtensionDescriptor>,
    pub example: Option<ExtensionDescriptor>,
    pub sensitive: Option<ExtensionDescriptor>,
    pub since: Option<ExtensionDescriptor>,
    pub behavior: Option<ExtensionDescriptor>,
    pub error: Option<ExtensionDescriptor>,
    pub http: Option<ExtensionDescriptor>,
    pub field_rules: Option<ExtensionDescriptor>,
    pub oneof_rules: Option<ExtensionDescriptor>,
}

impl Options {
    pub(super) fn new(pool: &DescriptorPool) -> Self {
        let find = |name| pool.get_extension_by_name(name);
        Self {
            policy: find("parlance.policy"),
            errors: find("parlance.errors"),
            call: find("parlance.call"),
            page: find("parlance.page"),
            waivers: find("parlance.waivers"),
            topic: find("parlance.topic"),
            socket: find("parlance.socket"),
            id: find("parlance.id"),
            frame: find("parlance.frame"),
            example: find("parlance.example"),
            sensitive: find("parlance.sensitive"),
            since: find("parlance.since"),
            behavior: find("google.api.field_behavior"),
            error: find("parlance.error"),
            http: find("google.api.http"),
            field_rules: find("buf.validate.field"),
            oneof_rules: find("buf.validate.oneof"),
        }
    }
}

/// The value of an option, if it is set.
pub(super) fn get(options: &DynamicMessage, option: Option<&ExtensionDescriptor>) -> Option<Value> {
    let option = option?;
    options
        .has_extension(option)
        .then(|| options.get_extension(option).into_owned())
}

/// The value of an option that is a message, if it is set.
pub(super) fn message(options: &DynamicMessage, option: Option<&ExtensionDescriptor>) -> Option<DynamicMessage> {
    get(options, option)?.as_message().cloned()
}

/// A message whose fields are read by name; the names are those of the schema's own options, so they exist.
pub(super) trait Fields {
    /// The value of a field; its default if it is not set.
    fn value(&self, name: &str) -> Cow<'_, Value>;

    fn string(&self, name: &str) -> String {
        self.value(name).as_str().unwrap_or_default().to_owned()
    }

    fn uint32(&self, name: &str) -> u32 {
        self.value(name).as_u32().unwrap_or_default()
    }

    fn flag(&self, name: &str) -> bool {
        self.value(name).as_bool().unwrap_or_default()
    }

    fn number_of_enum(&self, name: &str) -> i32 {
        self.value(name).as_enum_number().unwrap_or_default()
    }

    /// The enum whose value a field holds.
    fn descriptor_of_enum(&self, name: &str) -> Option<EnumDescriptor>;

    /// A duration in whole milliseconds; none if it is not set, negative or not whole.
    fn millis(&self, name: &str) -> Option<u64> {
        let duration = self.value(name).as_message()?.clone();
        let seconds = u64::try_from(duration.value("seconds").as_i64()?).ok()?;
        let nanos = u64::try_from(duration.value("nanos").as_i32()?).ok()?;
        (nanos % 1_000_000 == 0).then(|| seconds.saturating_mul(1000).saturating_add(nanos / 1_000_000))
    }

    fn list(&self, name: &str) -> Vec<Value> {
        self.value(name).as_list().unwrap_or_default().to_vec()
    }
}

impl Fields for DynamicMessage {
    fn value(&self, name: &str) -> Cow<'_, Value> {
        self.get_field_by_name(name).unwrap_or(Cow::Owned(Value::Bool(false)))
    }

    fn descriptor_of_enum(&self, name: &str) -> Option<EnumDescriptor> {
        self.descriptor().get_field_by_name(name)?.kind().as_enum().cloned()
    }
}
