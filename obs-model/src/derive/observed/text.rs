//! The new body of a function.

use super::args::Args;
use super::exprs::Show;
use super::function::{self, Function, Gives};
use crate::derive::item;
use crate::derive::output::place;
use crate::derive::tokens::{Group, Span, TokenStream, TokenTree};
use obs_schema::table::Table;

/// What stands for tokens of the user's in the text.
const BODY: &str = "__ObsBody";
const RESULT: &str = "__ObsResult";
/// The type of what a future gives.
const OUTPUT: &str = "__ObsOutput";
/// `Box::pin`, and what is in its parentheses.
const PIN: &str = "__ObsPin";
const FUTURE: &str = "__ObsFuture";
const PARENT: &str = "__ObsParent";
const VALUE: &str = "__ObsValue";
const TYPE: &str = "__ObsType";
const SERIES: &str = "__ObsSeries";
const LABELS: &str = "__ObsLabels";
/// What stands for text of ours that belongs to tokens of the user's: rustc shows there what is wrong with it.
const TELL: &str = "__ObsTell";
const END: &str = "__ObsEnd";

type Pieces = Table<String, TokenStream>;

/// Text at the place of the user's tokens it is about.
fn put(pieces: &mut Pieces, name: &str, text: &str, at: Span, own: &Pieces) {
    pieces.insert(name.to_owned(), place(text, at, own, &Table::default()));
}

/// One piece with this name.
fn piece(name: &str, tokens: TokenStream) -> Pieces {
    let mut pieces = Table::default();
    pieces.insert(name.to_owned(), tokens);
    pieces
}

/// The function with another body. `owner` is what stands before its name.
pub(super) fn function(
    args: &Args,
    owner: Option<&str>,
    function: &Function<'_>,
    on: bool,
) -> TokenStream {
    let Some(whole) = function.body.as_ref().filter(|_| on) else {
        return unobserved(args, function);
    };
    let (attributes, body) = function::split(whole);
    let at = function.name.span();
    let obs = format!("{}::__private::v1", args.krate);
    let gives = function.gives();
    let mut pieces = piece(BODY, TokenTree::from(body.clone()).into());
    let pinned = function::pinned(&body).filter(|_| gives == Gives::Boxed);
    let boxed_here = pinned.is_some();
    if let Some((pin, future)) = pinned {
        pieces.insert(PIN.to_owned(), pin);
        pieces.insert(FUTURE.to_owned(), future);
    }
    if let Some(output) = function.output() {
        pieces.insert(OUTPUT.to_owned(), function::nameable(output));
    }
    pieces.insert(RESULT.to_owned(), function::nameable(function.result));
    let result_at = function.result.first().map_or(at, TokenTree::span);
    put(
        &mut pieces,
        END,
        &end(args, gives, &obs),
        result_at,
        &Table::default(),
    );
    pieces.insert(TELL.to_owned(), tell(args, &obs));
    if let Some(parent) = &args.parent {
        let own = piece(VALUE, parent.tokens.clone());
        put(&mut pieces, PARENT, &format!("&({VALUE})"), parent.at, &own);
    }
    let name = name(args, owner, function);
    if !args.labels.is_empty() {
        pieces.insert(SERIES.to_owned(), series(args, &obs, at));
        pieces.insert(LABELS.to_owned(), labels(args, &obs));
    }
    let site = site(args, &name, &obs);
    let work = work(args, function, gives, boxed_here, &obs);
    let text = format!(
        "{}{} static __OBS: {obs}::Site = {site}; {work}",
        emits(args, &obs, &mut pieces),
        budget(args, &name, &obs),
    );
    let mut inner = attributes;
    inner.extend(place(&text, at, &pieces, &Table::default()));
    let mut group = Group::new(whole.delimiter(), inner);
    group.set_span(whole.span());
    let head = function.head.iter().cloned();
    head.chain([group.into()]).collect()
}

/// What the user's expressions are used for where nothing is observed: nothing, but they are used.
fn unobserved(args: &Args, function: &Function<'_>) -> TokenStream {
    let head = function.head.iter().cloned();
    let Some(body) = &function.body else {
        return head.collect();
    };
    let mut uses = TokenStream::new();
    let fields = args.fields.iter().map(|told| &told.value);
    let fields = fields.chain(args.labels.iter().map(|label| &label.value));
    for expr in fields.chain(&args.links).chain(&args.parent) {
        let own = piece(VALUE, expr.tokens.clone());
        let text = format!("let _ = &({VALUE});");
        uses.extend(place(&text, expr.at, &own, &Table::default()));
    }
    if uses.is_empty() {
        return head.chain([body.clone().into()]).collect();
    }
    let own = piece(VALUE, uses);
    let (mut inner, rest) = function::split(body);
    let text = format!("if false {{ {VALUE} }}");
    inner.extend(place(&text, body.span(), &own, &Table::default()));
    inner.extend(rest.stream());
    let mut group = Group::new(body.delimiter(), inner);
    group.set_span(body.span());
    head.chain([group.into()]).collect()
}

/// `__obs.ended(…)`, with all that is to be known of what the function has given: a reference, `__obs_out`.
fn end(args: &Args, gives: Gives, obs: &str) -> String {
    if matches!(gives, Gives::Nothing | Gives::Never) {
        return format!("__obs.ended({obs}::Verdict::FINE)");
    }
    let ended = format!("{obs}::ended(__obs_out)");
    let said = match args.err {
        Some(Show::Chain) => format!(".saying({ended}.chain())"),
        Some(Show::Debug) => format!(".saying({obs}::debug({ended}.error()))"),
        Some(_) => format!(".saying({obs}::display({ended}.error()))"),
        None => String::new(),
    };
    let given = match args.ret {
        Some(Show::Debug) => format!(".gives({obs}::debug({ended}.value()))"),
        Some(_) => format!(".gives({obs}::display({ended}.value()))"),
        None => String::new(),
    };
    format!("__obs{given}.ended({ended}.verdict(){said})")
}

/// One statement for each thing that is to be told before the call.
fn tell(args: &Args, obs: &str) -> TokenStream {
    let mut out = TokenStream::new();
    for told in &args.fields {
        let own = piece(VALUE, told.value.tokens.clone());
        let name = format!("{:?}", told.name);
        let text = match told.show {
            Show::Plain => format!("__obs_to.tell({name}, &({VALUE}));"),
            Show::Debug => format!("__obs_to.show({name}, {obs}::debug({obs}::Some(&({VALUE}))));"),
            _ => format!("__obs_to.show({name}, {obs}::display({obs}::Some(&({VALUE}))));"),
        };
        out.extend(place(&text, told.value.at, &own, &Table::default()));
    }
    for link in &args.links {
        let own = piece(VALUE, link.tokens.clone());
        let text = format!("__obs_to.link({VALUE});");
        out.extend(place(&text, link.at, &own, &Table::default()));
    }
    out
}

/// That what the function says it emits are events.
fn emits(args: &Args, obs: &str, pieces: &mut Pieces) -> String {
    let mut out = String::new();
    for (at, ty) in args.emits.iter().enumerate() {
        let name = format!("__ObsEmits{at}");
        let own = piece(VALUE, ty.tokens.clone());
        let text = format!("const _: &{obs}::Descriptor = <{VALUE} as {obs}::Event>::DESCRIPTOR;");
        put(pieces, &name, &text, ty.at, &own);
        out += &name;
        out.push(' ');
    }
    out
}

/// How a call begins, is done and ends.
fn work(args: &Args, function: &Function<'_>, gives: Gives, boxed_here: bool, obs: &str) -> String {
    let begin = |what: &str| {
        let parent = match args.parent {
            Some(_) => format!("{obs}::Some({PARENT})"),
            None => format!("{obs}::None"),
        };
        let series = if args.labels.is_empty() { "0" } else { SERIES };
        match (&args.parent, &*args.fields, &*args.links, &*args.labels) {
            (None, [], [], []) => format!("__OBS.{what}()"),
            (None, [], [], _) => format!("__OBS.{what}_in({series})"),
            _ => format!("__OBS.{what}_with({parent}, {series}, &mut |__obs_to| {{ {TELL} }})"),
        }
    };
    let (call, task) = (begin("call"), begin("task"));
    let given = match gives {
        Gives::Never => String::new(),
        Gives::Nothing => ": &()".to_owned(),
        _ => function
            .output()
            .map_or_else(String::new, |_| format!(": &{OUTPUT}")),
    };
    let end = format!("|__obs, __obs_out{given}| {END}");
    let result = match gives {
        Gives::Nothing => "()",
        _ => RESULT,
    };
    match gives {
        _ if function.asynchronous => {
            // An async block does not say what it gives; so that errors stand where they belong, something in it does.
            let pin = match gives {
                Gives::Never => String::new(),
                _ => format!("if false {{ return {obs}::never::<{result}>(); }}"),
            };
            // A call about which nothing is said before begins in its first poll, where it stays.
            let (site, follow) = match (&args.parent, &*args.fields, &*args.links, &*args.labels) {
                (None, [], [], []) => (String::new(), "__OBS.follow(".to_owned()),
                (None, [], [], _) => (
                    format!("let __obs_series = {SERIES};"),
                    "__OBS.follow_in(__obs_series, ".to_owned(),
                ),
                _ => (format!("let __obs = {task};"), "__obs.follow(".to_owned()),
            };
            format!(
                "{site} let __obs_future = async move {{ {pin} {BODY} }}; \
                 {follow}__obs_future, {end}).await"
            )
        }
        Gives::Boxed if boxed_here => {
            format!("let __obs = {task}; {PIN}(__obs.follow({FUTURE}, {end}))")
        }
        Gives::Future | Gives::Boxed => {
            let future = format!("__obs.follow(__obs_future, {end})");
            let future = match gives {
                Gives::Boxed => format!("{obs}::Box::pin({future})"),
                _ => future,
            };
            format!(
                "let mut __obs = {task}; let __obs_future = __obs.work(move || -> {result} {BODY}); {future}"
            )
        }
        Gives::Never => format!("let mut __obs = {call}; __obs.work(move || -> {result} {BODY})"),
        Gives::Nothing => {
            format!("let mut __obs = {call}; __obs.work(move || -> {result} {BODY}); {END};")
        }
        Gives::Something => format!(
            "let mut __obs = {call}; let __obs_value = __obs.work(move || -> {result} {BODY}); \
             let __obs_out = &__obs_value; {END}; __obs_value"
        ),
    }
}

/// Which of the series of its labels a call belongs to: the last label changes fastest.
fn series(args: &Args, obs: &str, at: Span) -> TokenStream {
    let mut out = place("0", at, &Table::default(), &Table::default());
    for label in &args.labels {
        let at = label.value.at;
        let own = piece(VALUE, label.value.tokens.clone());
        let value = place(&format!("&({VALUE})"), at, &own, &Table::default());
        let mut own = piece(VALUE, value);
        own.insert(TYPE.to_owned(), label.ty.tokens.clone());
        own.insert(SERIES.to_owned(), out);
        let text = format!(
            "({SERIES}) * <{TYPE} as {obs}::Label>::VALUES.len() + <{TYPE} as {obs}::Label>::index({VALUE})"
        );
        out = place(&text, at, &own, &Table::default());
    }
    out
}

/// The labels as a list.
fn labels(args: &Args, obs: &str) -> TokenStream {
    let mut out = TokenStream::new();
    for label in &args.labels {
        let own = piece(TYPE, label.ty.tokens.clone());
        let text = format!(
            "{obs}::LabelInfo {{ name: {:?}, values: <{TYPE} as {obs}::Label>::VALUES, ..{obs}::LabelInfo::BLANK }},",
            label.name
        );
        out.extend(place(&text, label.ty.at, &own, &Table::default()));
    }
    out
}

/// That the labels do not make too many series.
fn budget(args: &Args, name: &str, obs: &str) -> String {
    match &*args.labels {
        [] => String::new(),
        _ => format!("const _: () = {obs}::operation_within_budget({name}, &[{LABELS}]);"),
    }
}

/// What the function is called, as an expression.
fn name(args: &Args, owner: Option<&str>, function: &Function<'_>) -> String {
    let own = item::bare(function.name);
    let usual = args.usual_name.as_ref();
    match (args.name.as_ref().or(usual), &args.prefix) {
        (Some(name), _) => format!("{name:?}"),
        (None, Some(prefix)) => format!("{:?}", format!("{prefix}::{own}")),
        (None, None) => {
            let owner = owner.map_or(String::new(), |owner| format!("::{owner}"));
            let name = format!("{owner}::{own}");
            format!("::core::concat!(::core::module_path!(), {name:?})")
        }
    }
}

/// The expression that describes the function.
fn site(args: &Args, name: &str, obs: &str) -> String {
    let mut out = format!("{obs}::Site::new({name})");
    if let Some(kind) = args.kind {
        out += &format!(".with_kind({obs}::SpanKind::{kind})");
    }
    if !args.fixed.is_empty() {
        let said = args
            .fixed
            .iter()
            .map(|(name, value)| format!("({name:?}, {obs}::SpanValue::Text({value:?}))"));
        let said: Vec<String> = said.collect();
        out += &format!(".with_fixed(&[{}])", said.join(", "));
    }
    if args.err.is_some() || args.level.is_some() {
        let level = match args.level {
            Some(level) => format!("{obs}::Some({obs}::Level::{level})"),
            None => format!("{obs}::None"),
        };
        out += &format!(".with_lines({level}, ::core::module_path!())");
    }
    if let Some(nanos) = args.slow {
        out += &format!(".with_slow_nanos({nanos})");
    }
    if !args.labels.is_empty() {
        out += &format!(".with_labels(&[{LABELS}])");
    }
    if !args.metrics {
        out += ".without_metrics()";
    }
    out
}
