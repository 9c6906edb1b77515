//! The texts a run works on, and places in them.

/// One file of a [`SourceMap`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FileId(u32);

impl crate::table::Numbered for FileId {
    fn number(self) -> u128 {
        self.0.number()
    }
}

impl FileId {
    /// Places that are token spans of a derive; the door that made them holds the table.
    pub const TOKENS: FileId = FileId(u32::MAX);

    /// Texts we bring along, such as the meta-schemas of JSON Schema.
    pub const BUILT_IN: FileId = FileId(u32::MAX - 1);
}

/// A place: a byte range in a file or, under [`FileId::TOKENS`], the number of a token span.
///
/// Places never take part in comparing models; those are compared through their lock text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Loc {
    /// The file the place is in.
    pub file: FileId,
    /// First byte, or the number of a token span.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl crate::table::Numbered for Loc {
    fn number(self) -> u128 {
        self.file.number() << 64 | (u128::from(self.start) << 32) | u128::from(self.end)
    }
}

impl Loc {
    /// A byte range of a file.
    #[must_use]
    pub fn new(file: FileId, start: usize, end: usize) -> Loc {
        let clamp = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Loc {
            file,
            start: clamp(start),
            end: clamp(end),
        }
    }

    /// The token span with this number.
    #[must_use]
    pub fn token(index: usize) -> Loc {
        Loc::new(FileId::TOKENS, index, index)
    }

    /// From the start of this place to the end of another in the same file; token places stay what they are.
    #[must_use]
    pub fn to(self, end: Loc) -> Loc {
        let joins = self.file == end.file && self.file != FileId::TOKENS;
        if joins {
            Loc {
                end: end.end.max(self.end),
                ..self
            }
        } else {
            self
        }
    }

    /// The empty place at the start of a file, for what concerns a file as a whole.
    #[must_use]
    pub fn file(file: FileId) -> Loc {
        Loc::new(file, 0, 0)
    }
}

/// A position as people count: both from one, columns in characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Position {
    /// Line, from one.
    pub line: usize,
    /// Column in characters, from one.
    pub column: usize,
}

/// One text and the path it is shown under.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// The path as shown in messages: relative, with forward slashes.
    pub path: String,
    /// The whole text, without a byte order mark.
    pub text: String,
    line_starts: Vec<u32>,
}

/// All texts of a run, filled before anything is parsed.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
}

impl SourceMap {
    /// Adds a text; a leading byte order mark is dropped.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<String>) -> FileId {
        self.add_owned(path.into(), text.into())
    }

    fn add_owned(&mut self, path: String, mut text: String) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX - 2));
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        let mut line_starts = vec![0];
        for (at, byte) in text.bytes().enumerate() {
            if byte == b'\n' {
                line_starts.push(u32::try_from(at + 1).unwrap_or(u32::MAX));
            }
        }
        self.files.push(SourceFile {
            path,
            text,
            line_starts,
        });
        id
    }

    /// The file behind an id. `None` for token places.
    #[must_use]
    pub fn get(&self, id: FileId) -> Option<&SourceFile> {
        self.files.get(id.0 as usize)
    }

    /// The path of a file as shown, `<derive>` for token places, `<built in>` for what we bring along.
    #[must_use]
    pub fn path(&self, id: FileId) -> &str {
        let nowhere = if id == FileId::BUILT_IN {
            "<built in>"
        } else {
            "<derive>"
        };
        self.get(id).map_or(nowhere, |file| &file.path)
    }

    /// All files with their ids, in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        (0u32..).map(FileId).zip(&self.files)
    }

    /// Where a place starts, as people count.
    #[must_use]
    pub fn position(&self, loc: Loc) -> Option<Position> {
        Some(self.get(loc.file)?.position(loc.start as usize))
    }
}

impl SourceFile {
    /// The position of a byte offset.
    #[must_use]
    pub fn position(&self, offset: usize) -> Position {
        let line = self
            .line_starts
            .partition_point(|start| *start as usize <= offset)
            .max(1);
        let start = self.line_starts[line - 1] as usize;
        let column = self
            .text
            .get(start..offset)
            .map_or(offset - start, |text| text.chars().count());
        Position {
            line,
            column: column + 1,
        }
    }

    /// The byte offset of a line and column, both from one; the end of the line when the column lies beyond it.
    #[must_use]
    pub fn offset(&self, position: Position) -> usize {
        let Some(&start) = self.line_starts.get(position.line.wrapping_sub(1)) else {
            return self.text.len();
        };
        let line = self.line(position.line);
        let column = position.column.saturating_sub(1);
        start as usize
            + line
                .char_indices()
                .nth(column)
                .map_or(line.len(), |(at, _)| at)
    }

    /// The text of a line counted from one, without its line end.
    #[must_use]
    pub fn line(&self, line: usize) -> &str {
        let Some(&start) = self.line_starts.get(line.wrapping_sub(1)) else {
            return "";
        };
        let end = self
            .line_starts
            .get(line)
            .map_or(self.text.len(), |end| *end as usize);
        self.text
            .get(start as usize..end)
            .unwrap_or("")
            .trim_end_matches(['\n', '\r'])
    }
}
