//! The part of a file that is ours, between two marks. What stands before and behind it is the user's, and stays.

/// How comments are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Comment {
    /// `# …`
    Hash,
    /// `<!-- … -->`
    Html,
}

const BEGIN: &str =
    "obs: begin; made by `cargo obs-codegen telemetry`, which writes over edits up to the end mark";
const END: &str = "obs: end; what you write below stays";

impl Comment {
    fn line(self, text: &str) -> String {
        match self {
            Comment::Hash => format!("# {text}\n"),
            Comment::Html => format!("<!-- {text} -->\n"),
        }
    }

    /// A text between our marks.
    pub(crate) fn enclose(self, text: &str) -> String {
        let gap = match self {
            Comment::Hash => "",
            // Markdown takes what follows a comment at once for a part of it.
            Comment::Html => "\n",
        };
        let text = text.trim_matches('\n');
        let (begin, end) = (self.line(BEGIN), self.line(END));
        format!("{begin}{gap}{text}\n{gap}{end}")
    }

    /// The file there is with our part replaced; nothing when it has no part of ours.
    pub(crate) fn merge(self, there: &str, fresh: &str) -> Option<String> {
        let (begin, end) = (self.line(BEGIN), self.line(END));
        let from = there.find(&begin)?;
        let to = from + there[from..].find(&end)? + end.len();
        Some(format!("{}{fresh}{}", &there[..from], &there[to..]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_outside_the_marks_stays() {
        for comment in [Comment::Hash, Comment::Html] {
            let old = comment.enclose("old\n");
            let fresh = comment.enclose("fresh: 1\n");
            for (before, behind) in [("", ""), ("mine\n", ""), ("", "  - mine\n"), ("a\n\n", "b")] {
                let there = format!("{before}{old}{behind}");
                let merged = comment.merge(&there, &fresh);
                assert_eq!(merged, Some(format!("{before}{fresh}{behind}")));
            }
            assert_eq!(comment.merge("all mine\n", &fresh), None);
        }
    }
}
