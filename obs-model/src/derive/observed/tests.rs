use super::*;

fn show(args: &str, item: &str) -> String {
    let tokens = |text: &str| -> TokenStream { text.parse().expect("tokens") };
    let out = expand(tokens(args), tokens(item), true).to_string();
    out.replace("; ", ";\n").replace("{ ", "{\n") + "\n"
}

/// What becomes of an item, one statement a line.
fn snapshot(name: &str, args: &str, item: &str) {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, description => item }, {
        insta::assert_snapshot!(name, show(args, item));
    });
}

#[test]
fn functions() {
    snapshot(
        "observed_function",
        "",
        "pub(crate) fn load<'a, T: Fn(u8) -> u8>(id: &'a T) -> Result<impl Iterator<Item = u8> + 'a, Error> where T: Copy { body }",
    );
    snapshot(
        "observed_async_function",
        r#"kind = "client", slow = "1s", metrics(false), crate = "::renamed""#,
        "#[inline] async fn load(&self) -> Result<Self, Error> { body }",
    );
    snapshot(
        "observed_nothing",
        r#"name = "say""#,
        "fn say(word: &str) { println!(\"{word}\") }",
    );
    snapshot(
        "observed_attributes",
        "",
        "fn pick() -> u8 { #![allow(unused)] #![expect(dead_code)] 1 }",
    );
    snapshot("observed_never", "", "fn end() -> ! { exit(1) }");
}

#[test]
fn functions_that_give_futures() {
    snapshot(
        "observed_future",
        "",
        "fn load(id: u8) -> impl Future<Output = u8> + Send { async move { id } }",
    );
    snapshot(
        "observed_boxed_future",
        "",
        "fn load(id: u8) -> Pin<Box<dyn Future<Output = u8> + Send>> { let id = id; Box::pin(async move { id }) }",
    );
    snapshot(
        "observed_pinned_future",
        "",
        "fn load(id: u8) -> Pin<Box<dyn Future<Output = u8> + Send>> { Box::pin(async move { id }) }",
    );
}

#[test]
fn blocks() {
    snapshot(
        "observed_block",
        r#"slow = "1s""#,
        "impl<T> fmt::Display for crate::Shop<T> where T: Copy { const A: bool = 1 < 2; type B = Vec<u8>; \
         make! { fn no() {} } #[observed(skip)] fn skipped() {} #[inline] #[obs_runtime::observed(slow = \"2s\")] \
         fn fmt(&self) -> u8 { 1 } const fn constant() {} fn last(&self) {} }",
    );
}

/// Editors expand what is not finished yet.
#[test]
fn a_body_is_nobodys_business() {
    for body in [
        "let a = ;",
        "self.",
        "if x { ",
        "match y { Some(",
        "fn",
        "#",
        "a < b, c >> ;",
    ] {
        // Only what has its brackets is tokens at all.
        let Ok(item) = format!("fn half(a: u8) -> u8 {{ {body} }}").parse::<TokenStream>() else {
            continue;
        };
        let body = body.parse::<TokenStream>().expect("tokens").to_string();
        let out = expand(TokenStream::new(), item, true).to_string();
        assert!(out.contains(&format!("-> u8 {{ {body} }}")), "{out}");
        assert!(!out.contains("compile_error"), "{out}");
    }
}

#[test]
fn what_is_wrong_or_off_stays_as_it_is() {
    let item: TokenStream = "fn a(b: u8) -> u8 { b }".parse().expect("tokens");
    let off = expand(TokenStream::new(), item.clone(), false);
    assert_eq!(off.to_string(), item.to_string());
    let used = "fn a(b: u8) -> u8 { #![allow(unused)] 1 }"
        .parse()
        .expect("tokens");
    let used = expand("fields(b)".parse().expect("tokens"), used, false).to_string();
    assert!(
        used.contains("{ #! [allow (unused)] if false { let _ = & (b) ; } 1 }"),
        "{used}"
    );
    let wrong = expand("nam".parse().expect("tokens"), item.clone(), true).to_string();
    assert!(
        wrong.starts_with(&item.to_string()) && wrong.contains("compile_error"),
        "{wrong}"
    );
    let empty = expand(TokenStream::new(), TokenStream::new(), true).to_string();
    assert!(empty.contains("compile_error"), "{empty}");
}
