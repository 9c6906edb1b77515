//! Sensitive data as a type: what is wrapped here leaves in the payload and nowhere else by accident.

use std::fmt;

macro_rules! wrapper {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name<T>(T);

        impl<T> $name<T> {
            /// Wraps a value.
            pub const fn new(value: T) -> $name<T> {
                $name(value)
            }

            /// Looks at the value: the one way to it, and easy to search for.
            pub const fn expose(&self) -> &T {
                &self.0
            }

            /// Changes the value in place.
            pub const fn expose_mut(&mut self) -> &mut T {
                &mut self.0
            }

            /// Unwraps the value.
            pub fn into_inner(self) -> T {
                self.0
            }
        }

        /// Prints the wrapper only.
        impl<T> fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }

        impl<T> From<T> for $name<T> {
            fn from(value: T) -> $name<T> {
                $name(value)
            }
        }

        impl From<&str> for $name<String> {
            fn from(value: &str) -> $name<String> {
                $name(value.to_owned())
            }
        }
    };
}

wrapper! {
    /// Personal data.
    ///
    /// It can be compared, hashed and sorted, and it is written into payloads. It has no `Display`, no
    /// `Serialize` and no `Deref`, and `Debug` prints the wrapper only, so that no log line, span or error picks
    /// it up. In telemetry it appears in the redacted form its spec asks for, or not at all.
    ///
    /// ```
    /// use obs_runtime::Pii;
    ///
    /// let email: Pii<String> = "ada@example.com".into();
    /// assert_eq!(format!("{email:?}"), "Pii(…)");
    /// assert_eq!(email.expose(), "ada@example.com");
    /// assert_eq!(email, Pii::new("ada@example.com".to_owned()));
    /// ```
    ///
    /// It cannot be printed:
    ///
    /// ```compile_fail,E0277
    /// println!("{}", obs_runtime::Pii::new("ada@example.com"));
    /// ```
    ///
    /// nor be used as what it wraps:
    ///
    /// ```compile_fail,E0599
    /// obs_runtime::Pii::new("ada@example.com").len();
    /// ```
    #[cfg_attr(feature = "serde", doc = "
nor leave through serde:

```compile_fail,E0277
fn serialize(_: impl serde::Serialize) {}
serialize(obs_runtime::Pii::new(1));
```")]
    Pii
}

wrapper! {
    /// A secret: a token, a password, a key.
    ///
    /// As [`Pii`], and stricter in telemetry: there it never appears in any form.
    ///
    /// ```
    /// use obs_runtime::Secret;
    ///
    /// let token = Secret::new("s3cr3t".to_owned());
    /// assert_eq!(format!("{token:?}"), "Secret(…)");
    /// assert_eq!(token.into_inner(), "s3cr3t");
    /// ```
    ///
    /// It cannot be printed:
    ///
    /// ```compile_fail,E0277
    /// println!("{}", obs_runtime::Secret::new("s3cr3t"));
    /// ```
    ///
    /// nor be used as what it wraps:
    ///
    /// ```compile_fail,E0599
    /// obs_runtime::Secret::new("s3cr3t").len();
    /// ```
    #[cfg_attr(feature = "serde", doc = "
nor leave through serde:

```compile_fail,E0277
fn serialize(_: impl serde::Serialize) {}
serialize(obs_runtime::Secret::new(1));
```")]
    Secret
}
