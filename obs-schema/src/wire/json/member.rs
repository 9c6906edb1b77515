//! A member in one call: generated code is a list of calls, and each costs everybody who compiles it.

use super::Writer;

macro_rules! words {
    ($($method:ident: $word:ident, $ty:ty);* $(;)?) => {
        impl Writer {
            $(
                /// A member: its name, as prepared text with what stands before it, and the value.
                #[inline]
                pub fn $method(&mut self, name: &'static str, value: $ty) {
                    self.raw(name);
                    self.$word(value);
                }
            )*
        }
    };
}

words! {
    bool_after: bool, bool;
    i32_after: i32, i32;
    i64_after: i64, i64;
    u64_after: u64, u64;
    bytes_after: bytes, &[u8];
    string_after: string, &str;
}

macro_rules! floats {
    ($($method:ident: $word:ident, $ty:ty);* $(;)?) => {
        impl Writer {
            $(
                /// The same for a number that is refused when it is NaN or infinite, by the name that comes second.
                #[inline]
                pub fn $method(&mut self, name: &'static str, member: &'static str, value: $ty) {
                    self.raw(name);
                    self.$word(value, member);
                }
            )*
        }
    };
}

floats! {
    f32_after: f32_of, f32;
    f64_after: f64_of, f64;
}
