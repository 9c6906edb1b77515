//! The pages of `explain CODE` for what is said about queries.

const PAGES: &str = include_str!("pages.md");

/// The codes.
pub(crate) fn codes() -> impl Iterator<Item = &'static str> {
    PAGES.lines().filter_map(|line| {
        let (code, _) = line.strip_prefix("# ")?.split_once(": ")?;
        Some(code)
    })
}

/// The page of a code.
pub(crate) fn explain(code: &str) -> Option<&'static str> {
    let start = PAGES.find(&format!("# {code}: "))?;
    let page = &PAGES[start + 2..];
    let end = page.find("\n# ").map_or(page.len(), |end| end + 1);
    Some(page[..end].trim_end())
}
