//! A crate without the prelude, whose modules and types are called what the prelude's are, and whose runtime has
//! another name: neither generated code nor a derive may notice. That it compiles is the test.

#![no_implicit_prelude]
#![expect(missing_docs, reason = "the names are all there is")]

pub mod core {}
pub mod std {}
pub mod alloc {}
pub mod obs_runtime {}
pub mod __obs {}

pub mod events {
    ::telemetry::include_events!();
}

/// What a prelude would have, and what is something else here.
pub mod names {
    pub struct Box;
    pub struct Option;
    pub struct Result;
    pub struct String;
    pub struct Vec;
    pub struct Some;
    pub struct None;
    pub struct Ok;
    pub struct Err;
    pub struct BTreeMap;
    pub trait Clone {}
    pub trait Copy {}
    pub trait Debug {}
    pub trait Default {}
    pub trait Eq {}
    pub trait From {}
    pub trait Into {}
    pub trait Iterator {}
    pub trait PartialEq {}
    pub trait ToString {}
}

/// Derives in that scope; what they are put on names its types in full.
pub mod derived {
    #[expect(unused_imports, reason = "nothing may notice")]
    use crate::names::*;

    /// Somebody finished the sign-up form.
    #[::core::prelude::v1::derive(::telemetry::Event, ::core::clone::Clone, ::core::fmt::Debug)]
    #[event(crate = "::telemetry", event = "user.registered", encoding = "avro")]
    pub struct UserRegistered {
        /// Who.
        #[event(key, attr = "user.id", log)]
        pub id: ::std::string::String,
        #[event(pii = "hash")]
        pub email: ::telemetry::Pii<::std::string::String>,
        #[event(label)]
        pub plan: Plan,
        #[event(default = 3)]
        pub attempts: ::std::option::Option<i32>,
        #[event(precision = 9, scale = 2)]
        pub credit: ::telemetry::types::Decimal,
        pub address: ::std::option::Option<Address>,
        pub former: ::std::vec::Vec<Address>,
        pub notes: ::std::collections::BTreeMap<::std::string::String, ::std::boxed::Box<Address>>,
    }

    /// A function in that scope.
    #[::telemetry::observed(crate = "::telemetry")]
    pub async fn parse(text: &str) -> ::core::result::Result<u8, ::core::num::ParseIntError> {
        text.parse()
    }

    /// All that can be asked for.
    #[::telemetry::observed(
        crate = "::telemetry",
        fields(text, length = text.len(), shown = %text, debugged = ?text),
        labels(plan: Plan, long: bool = text.len() > 7),
        parent = ::telemetry::Context::NONE,
        link = ::telemetry::Context::NONE.span(),
        err(chain),
        ret,
        level = "debug",
        emits(UserRegistered)
    )]
    pub fn all(text: &str, plan: Plan) -> ::core::result::Result<u8, ::core::num::ParseIntError> {
        text.parse()
    }

    /// Futures, in a block.
    #[::telemetry::observed(crate = "::telemetry", err(Debug))]
    impl Plan {
        /// An opaque one.
        pub fn later(self) -> impl ::core::future::Future<Output = u8> {
            ::core::future::ready(self as u8)
        }

        /// One in a box.
        pub fn boxed(
            self,
        ) -> ::core::pin::Pin<
            ::std::boxed::Box<
                dyn ::core::future::Future<Output = ::core::result::Result<u8, NoPlan>>
                    + ::core::marker::Send,
            >,
        > {
            ::std::boxed::Box::pin(async move { ::core::result::Result::Ok(self as u8) })
        }
    }

    /// An error.
    #[::core::prelude::v1::derive(::telemetry::ErrorType, ::core::fmt::Debug)]
    #[error_type(crate = "::telemetry")]
    pub enum NoPlan {
        /// It is over.
        Expired(u8),
    }

    /// Another.
    #[::telemetry::observed(crate = "::telemetry", kind = "client", metrics(false))]
    pub fn count(text: &str) -> usize {
        text.len()
    }

    /// What is paid.
    #[::core::prelude::v1::derive(
        ::telemetry::Label,
        ::core::clone::Clone,
        ::core::marker::Copy,
        ::core::fmt::Debug
    )]
    #[label(crate = "::telemetry")]
    pub enum Plan {
        /// Nothing.
        Free,
        /// By the head.
        Team,
    }

    /// Where somebody lives.
    #[::core::prelude::v1::derive(::telemetry::EventPart, ::core::clone::Clone, ::core::fmt::Debug)]
    #[event(crate = "::telemetry")]
    pub struct Address {
        /// The town.
        pub city: ::std::string::String,
    }
}
