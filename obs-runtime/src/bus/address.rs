//! Where a bus is, as text, so that a program moves between buses by its configuration alone.

use std::borrow::Cow;

#[cfg(feature = "file")]
use super::{Acknowledge, FileBus, FileOptions, WhenFull};
use super::{Bus, BusError, BusErrorKind};

/// A kind of bus that can be opened by its address. Crates with buses have one to give to
/// [`Setup::with_scheme`](crate::Setup::with_scheme) or [`Bus::open`].
#[derive(Clone, Copy, Debug)]
pub struct Scheme {
    /// What addresses begin with, without the colon.
    pub name: &'static str,
    /// Opens a bus. It takes the settings it knows; one that is left is refused.
    pub open: fn(&mut Address) -> Result<Bus, BusError>,
}

/// Where a bus is, and how it is to be: `scheme:place?setting=value&setting=value`.
///
/// A place may begin with two slashes, which do not belong to it. `%20` and its like stand for bytes, in the place and
/// in settings.
#[derive(Clone)]
pub struct Address {
    scheme: String,
    written: String,
    place: String,
    settings: Vec<(String, String)>,
}

/// Without any scheme of others, what there is.
const BUILT_IN: &[Scheme] = &[
    Scheme {
        name: "memory",
        open: memory,
    },
    #[cfg(feature = "file")]
    Scheme {
        name: "file",
        open: file,
    },
    Scheme {
        name: "null",
        open: null,
    },
];

/// Opens the bus at an address.
pub(super) fn open(address: &str, schemes: &[Scheme]) -> Result<Bus, BusError> {
    let mut address = Address::parse(address)?;
    let mut known = schemes.iter().chain(BUILT_IN);
    let Some(scheme) = known.find(|scheme| scheme.name == address.scheme) else {
        let all = schemes.iter().chain(BUILT_IN).map(|scheme| scheme.name);
        let all: Vec<&str> = all.collect();
        return Err(wrong(format!(
            "its address begins with `{}:` and not with one of {}:",
            address.scheme,
            all.join(":, ")
        )));
    };
    let bus = (scheme.open)(&mut address)?;
    match address.settings.first() {
        None => Ok(bus),
        Some((setting, _)) => Err(address.wrong(format_args!("it has no setting `{setting}`"))),
    }
}

impl Address {
    fn parse(text: &str) -> Result<Address, BusError> {
        let (scheme, rest) = text.split_once(':').unwrap_or((text, ""));
        let (place, settings) = rest.split_once('?').unwrap_or((rest, ""));
        let place = place.strip_prefix("//").unwrap_or(place);
        let mut address = Address {
            scheme: scheme.to_owned(),
            written: place.to_owned(),
            place: String::new(),
            settings: Vec::new(),
        };
        let decoded = |part: &str| {
            let bytes = decoded(part)?;
            String::from_utf8(bytes).ok()
        };
        let unreadable = |what: &str| {
            wrong(format!(
                "`{scheme}:`: {what} of the address cannot be read: a `%` is followed by two digits of base 16"
            ))
        };
        address.place = decoded(place).ok_or_else(|| unreadable("the place"))?;
        for setting in settings.split('&').filter(|setting| !setting.is_empty()) {
            let (name, value) = setting.split_once('=').unwrap_or((setting, ""));
            let value = decoded(value).ok_or_else(|| unreadable(&format!("`{name}`")))?;
            address.settings.push((name.to_owned(), value));
        }
        Ok(address)
    }

    /// Where it is.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The same as it was written, with `%20` and its like: what a URL is made of, whose parts have signs between them
    /// that may stand inside of a part too.
    #[must_use]
    pub fn written(&self) -> &str {
        &self.written
    }

    /// Takes a setting; of several the last.
    pub fn take(&mut self, name: &str) -> Option<String> {
        let taken = self.settings.extract_if(.., |(known, _)| known == name);
        taken.last().map(|(_, value)| value)
    }

    /// Takes a setting that is a number.
    ///
    /// # Errors
    ///
    /// It is none.
    pub fn take_number(&mut self, name: &str) -> Result<Option<u64>, BusError> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        let number = value.parse();
        number
            .map(Some)
            .map_err(|_| self.wrong(format_args!("`{name}` is a number")))
    }

    /// Takes a setting that is one of a few words.
    ///
    /// # Errors
    ///
    /// It is none of them.
    pub fn take_word<T: Copy>(
        &mut self,
        name: &str,
        words: &[(&str, T)],
    ) -> Result<Option<T>, BusError> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        let found = words.iter().find(|(word, _)| *word == value);
        found.map(|(_, meaning)| Some(*meaning)).ok_or_else(|| {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.wrong(format_args!("`{name}` is one of {}", words.join(", ")))
        })
    }

    /// Takes all settings that are left.
    pub fn take_rest(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.settings)
    }

    /// An address that cannot be right.
    fn wrong(&self, why: std::fmt::Arguments<'_>) -> BusError {
        wrong(format!("`{}:`: {why}", self.scheme))
    }
}

/// Values may be passwords, so they are left out.
impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let settings: Vec<&str> = self.settings.iter().map(|(name, _)| &**name).collect();
        f.debug_struct("Address")
            .field("scheme", &self.scheme)
            .field("place", &self.place)
            .field("settings", &settings)
            .finish()
    }
}

fn wrong(why: impl Into<Cow<'static, str>>) -> BusError {
    BusError::new(BusErrorKind::Unsupported).with_reason(why)
}

/// With `%xx` as the byte it stands for.
pub(super) fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        // What parses with a sign has no two digits.
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    Some(bytes)
}

fn memory(address: &mut Address) -> Result<Bus, BusError> {
    nowhere(address)?;
    let size = |number: Option<u64>, usual: usize| {
        number.map_or(usual, |number| {
            usize::try_from(number).unwrap_or(usize::MAX)
        })
    };
    let records = size(address.take_number("records")?, super::CAPACITY);
    let bytes = size(address.take_number("bytes")?, usize::MAX);
    Ok(Bus::memory_of(records, bytes))
}

fn null(address: &mut Address) -> Result<Bus, BusError> {
    nowhere(address)?;
    Ok(Bus::null())
}

/// A bus that is nowhere else than here.
fn nowhere(address: &Address) -> Result<(), BusError> {
    match address.place.as_str() {
        "" => Ok(()),
        place => Err(address.wrong(format_args!("it has no place, so `{place}` is too much"))),
    }
}

#[cfg(feature = "file")]
fn file(address: &mut Address) -> Result<Bus, BusError> {
    let usual = FileOptions::default();
    let acknowledge = [
        ("page_cache", Acknowledge::PageCache),
        ("fsync", Acknowledge::Fsync),
    ];
    let when_full = [
        ("refuse", WhenFull::Refuse),
        ("drop_oldest", WhenFull::DropOldest),
    ];
    let reads = address.take_word("access", &[("own", false), ("read", true)])?;
    let acknowledge = address.take_word("acknowledge", &acknowledge)?;
    let when_full = address.take_word("when_full", &when_full)?;
    let options = FileOptions {
        acknowledge: acknowledge.unwrap_or(usual.acknowledge),
        max_bytes: address.take_number("max_bytes")?.unwrap_or(usual.max_bytes),
        when_full: when_full.unwrap_or(usual.when_full),
    };
    if address.place.is_empty() {
        return Err(address.wrong(format_args!("its place is a folder")));
    }
    if reads == Some(true) {
        return super::file::read(address.place.as_ref());
    }
    Ok(FileBus::open(&address.place, options)?.undamaged()?.bus())
}

#[cfg(test)]
mod tests {
    use super::*;

    const THEIRS: Scheme = Scheme {
        name: "theirs",
        open: |address| {
            assert_eq!(address.place(), "a:1,b:2/ü");
            assert_eq!(address.written(), "a:1,b:2/%C3%BC");
            assert_eq!(address.take("twice").as_deref(), Some("x y"));
            Ok(Bus::null())
        },
    };

    #[test]
    fn an_address_opens_its_bus_or_says_what_is_wrong_with_it() {
        for (address, expected) in [
            ("memory:", Ok("memory")),
            ("memory:?records=2&bytes=100", Ok("memory")),
            ("null:", Ok("null")),
            ("theirs://a:1,b:2/%C3%BC?twice=1&twice=x%20y", Ok("theirs")),
            (
                "carrier-pigeon://roof",
                Err(
                    "its address begins with `carrier-pigeon:` and not with one of theirs:, memory:,",
                ),
            ),
            (
                "memory:here",
                Err("`memory:`: it has no place, so `here` is too much"),
            ),
            (
                "memory:?records=two",
                Err("`memory:`: `records` is a number"),
            ),
            ("null:?a=1", Err("`null:`: it has no setting `a`")),
            (
                "memory:?bytes=%+1",
                Err("`memory:`: `bytes` of the address cannot be read"),
            ),
            (
                "theirs:%f",
                Err("`theirs:`: the place of the address cannot be read"),
            ),
            #[cfg(feature = "file")]
            (
                "file:?acknowledge=soon",
                Err("`file:`: `acknowledge` is one of page_cache, fsync"),
            ),
            #[cfg(feature = "file")]
            ("file:", Err("`file:`: its place is a folder")),
            #[cfg(feature = "file")]
            (
                "file:/nowhere/at/all?access=read",
                Err("there is no folder `/nowhere/at/all`"),
            ),
        ] {
            let opened = Bus::open(address, &[THEIRS]);
            match (opened, expected) {
                (Ok(bus), Ok("theirs")) => assert_eq!(bus.system(), "null"),
                (Ok(bus), Ok(system)) => assert_eq!(bus.system(), system),
                (Err(error), Err(said)) => {
                    assert!(error.reason().starts_with(said), "{address}: {error}");
                }
                (opened, _) => panic!("{address}: {opened:?}"),
            }
        }
    }

    #[test]
    fn settings_are_obeyed() {
        let bus = Bus::open("memory:?records=2", &[]).unwrap();
        assert_eq!(bus.depth().map(|depth| depth.capacity), Some(2));
    }
}
