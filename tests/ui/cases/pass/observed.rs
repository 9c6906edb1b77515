//! Every form a signature may have. That it compiles without a warning, and does what it would do, is the test.

#![deny(warnings, clippy::all, clippy::pedantic, rust_2018_idioms)]
#![forbid(unsafe_code)]
#![allow(missing_docs, unreachable_pub, dead_code)]
#![allow(
    clippy::unused_unit,
    clippy::unused_async,
    clippy::needless_pass_by_value
)]

use obs_runtime::{ErrorType, TypedError, observed};
use std::collections::HashMap;
use std::fmt::{self, Debug, Display};
use std::hash::Hash;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

type Fallible<T = ()> = Result<T, Box<dyn std::error::Error>>;

#[observed]
fn nothing() {}

#[observed]
pub fn unit() -> () {}

#[observed]
pub(crate) fn early(stop: bool) -> u8 {
    if stop {
        return 1;
    }
    2
}

#[observed]
fn question(text: &str) -> Fallible<u32> {
    let number: u32 = text.parse()?;
    if number > 9 {
        return Err("too much".into());
    }
    Ok(number)
}

#[observed]
fn never(stop: bool) -> ! {
    if stop {
        std::process::exit(3)
    }
    panic!("never")
}

#[observed]
async fn async_never() -> ! {
    loop {
        std::future::pending::<()>().await;
    }
}

#[observed]
fn lifetimes<'a, 'b: 'a>(one: &'a str, other: &'b mut String) -> &'a str {
    other.push_str(one);
    &other[..1]
}

#[observed]
fn elided(text: &str) -> Option<&str> {
    text.split(' ').next()
}

#[observed]
fn bounds<K, V: Default, const N: usize>(keys: [K; N]) -> HashMap<K, V>
where
    K: Eq + Hash + Clone,
    for<'k> &'k K: Debug,
{
    keys.iter().map(|key| (key.clone(), V::default())).collect()
}

#[observed]
fn function_of<F: Fn(u8) -> u8>(work: F) -> u8 {
    work(1)
}

#[observed]
fn opaque(most: u32) -> impl Iterator<Item = u32> + Clone {
    (0..most).map(|number| number * 2)
}

#[observed]
fn opaque_in_result(most: &str) -> Result<impl Iterator<Item = u32>, std::num::ParseIntError> {
    let most: u32 = most.parse()?;
    Ok(0..most)
}

#[observed]
fn opaque_argument(text: impl Into<String>, show: &dyn Display) -> String {
    text.into() + &show.to_string()
}

#[observed]
fn boxed(number: u8) -> Box<dyn Display> {
    Box::new(number)
}

#[observed]
fn patterns((mut one, other): (u8, u8), [first, ..]: [u8; 3], _: u8) -> u8 {
    one += other + first;
    one
}

#[observed]
fn generic_error<T, E: Debug>(value: Result<T, E>) -> Result<T, E> {
    value
}

#[observed]
extern "C" fn foreign(number: u32) -> u32 {
    number
}

#[observed]
fn r#type(r#match: u8) -> u8 {
    r#match
}

#[observed]
#[must_use]
#[inline]
fn recursive(depth: u32) -> u32 {
    if depth == 0 {
        0
    } else {
        recursive(depth - 1) + 1
    }
}

#[observed]
async fn asynchronous(text: &str) -> Result<usize, io::Error> {
    let length = text.len();
    if length == 0 {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    Ok(length)
}

#[observed]
async fn async_nothing() {
    #![allow(unused_variables)]
    #![allow(clippy::let_underscore_untyped)]
    let nothing = ();
}

#[observed]
async fn async_opaque(text: &str) -> impl Display + use<'_> {
    text
}

#[observed]
async fn async_question(text: &str) -> Fallible<u32> {
    let number: u32 = text.parse()?;
    Ok(number)
}

#[observed]
async fn async_generic<T: Clone + Send, const N: usize>(value: &T) -> [T; N] {
    std::array::from_fn(|_| value.clone())
}

#[observed]
fn future(text: &str) -> impl Future<Output = usize> + Send + use<'_> {
    let length = text.len();
    async move { length }
}

#[observed]
fn boxed_future<'a>(text: &'a str) -> Pin<Box<dyn Future<Output = &'a str> + Send + 'a>> {
    Box::pin(async move { text })
}

#[observed]
fn ready(number: u8) -> impl Future<Output = u8> + Unpin {
    std::future::ready(number)
}

struct Shop {
    name: String,
    sold: Vec<u8>,
}

impl Shop {
    #[observed]
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            sold: Vec::new(),
        }
    }

    #[observed]
    fn name(&self) -> &str {
        &self.name
    }

    #[observed]
    fn sold(&mut self) -> &mut Vec<u8> {
        &mut self.sold
    }

    #[observed]
    fn last(&mut self) -> Option<&mut u8> {
        let last = self.sold.last_mut()?;
        *last += 1;
        Some(last)
    }

    #[observed]
    fn close(self) -> String {
        self.name
    }

    #[observed]
    fn close_boxed(self: Box<Self>) -> String {
        self.name
    }

    #[observed]
    fn shared(self: Arc<Self>) -> Arc<Self> {
        self
    }

    #[observed]
    fn counted(self: &Rc<Self>) -> usize {
        Rc::strong_count(self)
    }

    #[observed]
    async fn sell(&mut self, what: u8) -> Result<&mut Self, fmt::Error> {
        if what == 0 {
            Err(fmt::Error)?;
        }
        self.sold.push(what);
        Ok(self)
    }

    #[observed]
    async fn shared_later(self: Arc<Self>) -> usize {
        self.sold.len()
    }
}

#[observed]
impl<const N: usize> From<[u8; N]> for Shop
where
    [u8; N]: Sized,
{
    fn from(sold: [u8; N]) -> Self {
        Shop {
            name: String::new(),
            sold: sold.into(),
        }
    }
}

#[observed]
trait Later: Sync {
    const NAME: &'static str = "later";

    fn name(&self) -> impl Future<Output = &'static str> + Send;

    fn length(&self) -> impl Future<Output = usize> + Send {
        async { self.name().await.len() }
    }

    async fn own(&mut self) -> u8 {
        7
    }

    #[observed(skip)]
    fn not() {}
}

impl Later for Shop {
    #[observed]
    async fn name(&self) -> &'static str {
        Self::NAME
    }
}

trait Greet {
    fn greet(&self) -> String;

    #[observed]
    fn shout(&self) -> String {
        self.greet().to_uppercase()
    }
}

impl Greet for Shop {
    #[observed]
    fn greet(&self) -> String {
        format!("welcome to {}", self.name)
    }
}

struct Door(bool);

impl Drop for Door {
    #[observed]
    fn drop(&mut self) {
        self.0 = false;
    }
}

#[derive(ErrorType)]
#[error_type(rename_all = "camelCase")]
enum Faulty<'a, T>
where
    T: Debug,
{
    Odd,
    #[error_type(name = "_OTHER")]
    Even(&'a T),
    #[error_type(transparent)]
    Inner(obs_runtime::PublishError),
    Fields {
        one: u8,
    },
}

#[derive(ErrorType)]
enum Impossible {}

#[derive(ErrorType)]
#[error_type(transparent)]
struct Outer<E: TypedError>(E);

#[observed(fields(?text))]
async fn faulty(text: &str) -> Result<(), Outer<Faulty<'_, &str>>> {
    let _ = text;
    Ok(())
}

fn needs_send<T: Send>(value: T) -> T {
    value
}

macro_rules! make {
    ($vis:vis fn $name:ident($arg:ident: $ty:ty) -> $result:ty $body:block) => {
        #[observed(name = "made")]
        $vis fn $name($arg: $ty) -> $result $body
    };
}

make!(
    pub fn made(number: u8) -> u8 {
        number + 1
    }
);

#[observed]
fn main() -> Fallible {
    nothing();
    unit();
    assert_eq!(early(true) + early(false), 3);
    assert_eq!(question("7")?, 7);
    assert!(question("x").is_err() && question("10").is_err());
    assert_eq!(lifetimes("a", &mut String::new()), "a");
    assert_eq!(elided("a b"), Some("a"));
    assert_eq!(bounds::<_, u8, 2>(["a", "b"]).len(), 2);
    assert_eq!(function_of(|number| number + 1), 2);
    assert_eq!(opaque(3).clone().sum::<u32>(), 6);
    assert_eq!(opaque_in_result("3")?.count(), 3);
    assert_eq!(opaque_argument("a", &1), "a1");
    assert_eq!(boxed(1).to_string(), "1");
    assert_eq!(patterns((1, 2), [3, 4, 5], 6), 6);
    assert_eq!(generic_error::<u8, ()>(Ok(1)), Ok(1));
    assert_eq!(foreign(r#type(1).into()), 1);
    assert_eq!(recursive(3), 3);
    assert_eq!(made(1), 2);

    let mut shop = Shop::new("corner");
    assert_eq!(shop.name(), "corner");
    shop.sold().push(1);
    assert_eq!(shop.last(), Some(&mut 2));
    assert_eq!(shop.shout(), "WELCOME TO CORNER");
    let shop = Arc::new(shop).shared();
    assert_eq!(Rc::new(Shop::new("a")).counted(), 1);
    assert_eq!(Faulty::<u8>::TYPES, ["odd", "_OTHER", "fields"]);
    assert_eq!(Outer(Faulty::<u8>::Odd).error_type(), "odd");
    assert!(Impossible::TYPES.is_empty());
    drop(Door(true));
    drop(needs_send(future("a")));
    drop(needs_send(boxed_future("a")));
    drop(needs_send(ready(1)));
    drop(needs_send(faulty("a")));
    drop(needs_send(Shop::from([1]).length()));
    Shop::not();
    drop(needs_send(asynchronous("a")));
    drop(needs_send(async_question("a")));
    drop(needs_send(shop.shared_later()));
    Ok(())
}
