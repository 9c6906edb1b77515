//! The new body of a function.

use super::args::Args;
use super::function::{self, Function, Gives};
use crate::derive::item;
use crate::derive::output::place;
use crate::derive::tokens::{Group, TokenStream, TokenTree};
use obs_schema::table::Table;

/// What stands for tokens of the user's in the text.
const BODY: &str = "__ObsBody";
const RESULT: &str = "__ObsResult";
/// `Box::pin`, and what is in its parentheses.
const PIN: &str = "__ObsPin";
const FUTURE: &str = "__ObsFuture";

/// The function with another body. `owner` is what stands before its name.
pub(super) fn function(args: &Args, owner: Option<&str>, function: &Function<'_>) -> TokenStream {
    let Some(body) = &function.body else {
        return function.head.iter().cloned().collect();
    };
    let mut pieces = Table::default();
    let gives = function.gives();
    let pinned = function::pinned(body).filter(|_| gives == Gives::Boxed);
    let boxed_here = pinned.is_some();
    if let Some((pin, future)) = pinned {
        pieces.insert(PIN.to_owned(), pin);
        pieces.insert(FUTURE.to_owned(), future);
    }
    pieces.insert(BODY.to_owned(), TokenTree::from(body.clone()).into());
    pieces.insert(RESULT.to_owned(), function::nameable(function.result));
    let text = text(args, owner, function, gives, boxed_here);
    let inner = place(&text, function.name.span(), &pieces, &Table::default());
    let mut group = Group::new(body.delimiter(), inner);
    group.set_span(body.span());
    let head = function.head.iter().cloned();
    head.chain([group.into()]).collect()
}

fn text(
    args: &Args,
    owner: Option<&str>,
    function: &Function<'_>,
    gives: Gives,
    boxed_here: bool,
) -> String {
    let obs = format!("{}::__private::v1", args.krate);
    let site = site(args, owner, function, &obs);
    let verdict = match gives {
        Gives::Nothing | Gives::Never => format!("{obs}::Verdict::FINE"),
        _ => format!("{obs}::ended(__obs_out).verdict()"),
    };
    let end = format!("|__obs, __obs_out| __obs.ended({verdict})");
    let result = match gives {
        Gives::Nothing => "()",
        _ => RESULT,
    };
    let rest = match gives {
        _ if function.asynchronous => {
            // An async block does not say what it gives; so that errors stand where they belong, something in it does.
            let pin = match gives {
                Gives::Never => String::new(),
                _ => format!("if false {{ return {obs}::never::<{result}>(); }}"),
            };
            format!(
                "let __obs = __OBS.task(); let __obs_future = async move {{ {pin} {BODY} }}; \
                 __obs.follow(__obs_future, {end}).await"
            )
        }
        Gives::Boxed if boxed_here => {
            format!("let __obs = __OBS.task(); {PIN}(__obs.follow({FUTURE}, {end}))")
        }
        Gives::Future | Gives::Boxed => {
            let future = format!("__obs.follow(__obs_future, {end})");
            let future = match gives {
                Gives::Boxed => format!("{obs}::Box::pin({future})"),
                _ => future,
            };
            format!(
                "let mut __obs = __OBS.task(); let __obs_future = __obs.work(move || -> {result} {BODY}); {future}"
            )
        }
        Gives::Never => {
            format!("let __obs = __OBS.call(); __obs.work(move || -> {result} {BODY})")
        }
        Gives::Nothing => format!(
            "let __obs = __OBS.call(); __obs.work(move || -> {result} {BODY}); __obs.ended({verdict});"
        ),
        Gives::Something => format!(
            "let __obs = __OBS.call(); let __obs_value = __obs.work(move || -> {result} {BODY}); \
             let __obs_out = &__obs_value; __obs.ended({verdict}); __obs_value"
        ),
    };
    format!("static __OBS: {obs}::Site = {site}; {rest}")
}

/// The expression that describes the function.
fn site(args: &Args, owner: Option<&str>, function: &Function<'_>, obs: &str) -> String {
    let own = item::bare(function.name);
    let name = match (&args.name, &args.prefix) {
        (Some(name), _) => format!("{name:?}"),
        (None, Some(prefix)) => format!("{:?}", format!("{prefix}::{own}")),
        (None, None) => {
            let owner = owner.map_or(String::new(), |owner| format!("::{owner}"));
            let name = format!("{owner}::{own}");
            format!("::core::concat!(::core::module_path!(), {name:?})")
        }
    };
    let mut out = format!("{obs}::Site::new({name})");
    if let Some(kind) = args.kind {
        out += &format!(".with_kind({obs}::SpanKind::{kind})");
    }
    if let Some(nanos) = args.slow {
        out += &format!(".with_slow_nanos({nanos})");
    }
    if !args.metrics {
        out += ".without_metrics()";
    }
    out
}
