//! The kinds of change that break somebody.

/// The kinds of change, each with the code by which a waiver names it.
macro_rules! changes {
    ($($(#[doc = $doc:literal])+ $change:ident = $code:literal,)*) => {
        /// A change that breaks somebody.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Change { $($(#[doc = $doc])+ $change,)* }

        impl Change {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$change),*];

            /// The code by which a waiver names it.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$change => $code,)* }
            }
        }
    };
}

changes! {
    /// A message that others use is gone, or has another name.
    MessageRemoved = "message-removed",
    /// A field is gone.
    FieldRemoved = "field-removed",
    /// The number or name of a field that is gone is free to be used again.
    NotReserved = "not-reserved",
    /// A number or name that was reserved is used again.
    ReservedReused = "reserved-reused",
    /// A field has another name.
    FieldRenamed = "field-renamed",
    /// A field has the same name, and another one in JSON.
    JsonNameChanged = "json-name-changed",
    /// A field has another number.
    FieldNumberChanged = "field-number-changed",
    /// A field has another type.
    FieldTypeChanged = "field-type-changed",
    /// One value became many, or many one.
    CardinalityChanged = "cardinality-changed",
    /// Absence became different from the zero value, or the same.
    PresenceChanged = "presence-changed",
    /// A field went into a oneof, out of one, or to another one.
    OneofChanged = "oneof-changed",
    /// What was taken without a new field is refused without it.
    RequiredFieldAdded = "required-field-added",
    /// A value that was taken is refused.
    RuleTightened = "rule-tightened",
    /// What clients set before is now for the server only.
    OutputOnlyAdded = "output-only-added",
    /// What clients could change before they cannot change any more.
    ImmutableAdded = "immutable-added",
    /// A secret is no longer kept out of logs.
    SecretExposed = "secret-exposed",
    /// An enum that others use is gone, or has another name.
    EnumRemoved = "enum-removed",
    /// A value of an enum is gone.
    ValueRemoved = "value-removed",
    /// A value of an enum has another name.
    ValueRenamed = "value-renamed",
    /// A value of an enum has another number.
    ValueNumberChanged = "value-number-changed",
    /// A service is gone, or has another name.
    ServiceRemoved = "service-removed",
    /// A method is gone, or has another name.
    MethodRemoved = "method-removed",
    /// A method takes or answers another message.
    MethodTypesChanged = "method-types-changed",
    /// A way to a method over HTTP is gone.
    RouteRemoved = "route-removed",
    /// The same path has another verb.
    RouteVerbChanged = "route-verb-changed",
    /// The same verb has another path.
    RoutePathChanged = "route-path-changed",
    /// A part of the path binds another field.
    RouteParameterChanged = "route-parameter-changed",
    /// The body of a request is another part of it.
    RouteBodyChanged = "route-body-changed",
    /// More callers get in than before.
    PolicyLoosened = "policy-loosened",
    /// Callers that got in are turned away.
    PolicyTightened = "policy-tightened",
    /// Calls count against another limit.
    RateChanged = "rate-changed",
    /// A repetition does more than was promised.
    EffectWeakened = "effect-weakened",
    /// A method no longer gives a reason.
    ReasonRemoved = "reason-removed",
    /// A reason is gone from the catalogue, or has another name.
    CatalogueReasonRemoved = "catalogue-reason-removed",
    /// A reason has another status on gRPC.
    ReasonCodeChanged = "reason-code-changed",
    /// A reason has another status on REST.
    ReasonStatusChanged = "reason-status-changed",
    /// A reason ends WebSocket connections with another code.
    ReasonCloseChanged = "reason-close-changed",
    /// A reason says something else about trying again.
    ReasonRetryableChanged = "reason-retryable-changed",
    /// A list came whole and now comes in pages, or the other way round.
    PagingChanged = "paging-changed",
    /// Pages are found by other fields, or by cursors of another kind.
    PageFieldsChanged = "page-fields-changed",
    /// A page holds fewer items at most.
    PageSizeLowered = "page-size-lowered",
    /// A message no longer goes through a topic.
    TopicRemoved = "topic-removed",
    /// A topic has another name.
    TopicRenamed = "topic-renamed",
    /// Records are spread by another field.
    TopicKeyChanged = "topic-key-changed",
    /// Records are spread over another number of partitions.
    TopicPartitionsChanged = "topic-partitions-changed",
    /// Records are kept for a shorter time.
    TopicRetentionShortened = "topic-retention-shortened",
    /// Records that cannot be processed go elsewhere, or nowhere.
    TopicDeadLetterChanged = "topic-dead-letter-changed",
    /// Messages that fail no longer step aside.
    TopicRetryRemoved = "topic-retry-removed",
    /// An append no longer waits for the disk.
    TopicDurabilityLowered = "topic-durability-lowered",
    /// A topic of all instances became one of each, or the other way round.
    TopicSharingChanged = "topic-sharing-changed",
    /// A frame goes the other way.
    FrameDirectionChanged = "frame-direction-changed",
    /// A frame is answered by another one, or by none.
    FrameReplyChanged = "frame-reply-changed",
    /// A frame leads to another method.
    FrameRpcChanged = "frame-rpc-changed",
}
