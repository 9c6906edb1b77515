//! Running a plan.
//!
//! What does not change is not touched: reading goes on over it, and it is copied in one piece when something else
//! has to be written.

use std::ops::Range;

use super::{Action, Piece, Plan, Record, Skip, Step, Symbol};
use crate::avro::depth::Depth;
use crate::wire::avro::{Reader, Writer};
use crate::wire::{DecodeError, DecodeErrorKind, Limits};

type Result<T> = std::result::Result<T, DecodeError>;

pub(super) fn run(plan: &Plan, bytes: &[u8], out: &mut Vec<u8>, limits: Limits) -> Result<()> {
    let start = out.len();
    let mut run = Run {
        plan,
        input: bytes,
        reader: Reader::with_limits(bytes, limits),
        copied: 0,
        writer: Writer::on(std::mem::take(out)),
        most: start.saturating_add(limits.max_bytes),
        pieces: Vec::new(),
    };
    let result = run
        .step(&plan.root, Depth::new(limits))
        .and_then(|()| run.reader.finish())
        .and_then(|()| run.flush());
    *out = run.writer.into_inner();
    if result.is_err() {
        out.truncate(start);
    }
    result
}

struct Run<'p, 'a> {
    plan: &'p Plan,
    input: &'a [u8],
    reader: Reader<'a>,
    /// Up to here the input has been copied or passed over.
    copied: usize,
    writer: Writer,
    /// The output may be this long.
    most: usize,
    /// Where the kept fields of records in another order have been written; the innermost record's are last.
    pieces: Vec<Range<usize>>,
}

impl<'p, 'a> Run<'p, 'a> {
    fn step(&mut self, step: &'p Step, depth: Depth) -> Result<()> {
        match step {
            Step::Copy(skip) => self.skip(skip, depth),
            Step::IntegerToFloat => {
                let value = self.change(Reader::long)?;
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "the nearest float is what the specification asks for"
                )]
                self.writer.float(value as f32);
                Ok(())
            }
            Step::IntegerToDouble => {
                let value = self.change(Reader::long)?;
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "the nearest double is what the specification asks for"
                )]
                self.writer.double(value as f64);
                Ok(())
            }
            Step::FloatToDouble => {
                let value = self.change(Reader::float)?;
                self.writer.double(value.into());
                Ok(())
            }
            Step::Array(items) => self.blocks(depth, |run, depth| run.step(items, depth)),
            Step::Map(values) => self.blocks(depth, |run, depth| {
                run.reader.bytes_ref()?;
                run.step(values, depth)
            }),
            Step::Symbol(symbols) => {
                match &symbols[self.change(|reader| reader.index(symbols.len()))?] {
                    Symbol::Index(index) => self.writer.index(*index),
                    Symbol::Text(text) => {
                        self.writer.long(-1);
                        self.writer.string(text);
                    }
                }
                self.bounded()
            }
            Step::Branches(branches) => {
                let depth = self.below(depth, false)?;
                let index = self.change(|reader| reader.index(branches.len()))?;
                self.step(&branches[index], depth)
            }
            Step::Into(index, step) => {
                let depth = self.below(depth, false)?;
                self.flush()?;
                self.writer.index(*index);
                self.step(step, depth)
            }
            Step::Record(record) => {
                let depth = self.below(depth, true)?;
                self.reader.charge(1)?;
                self.record(&self.plan.records[*record], depth)
            }
            Step::Refuse(why) => Err(self.reader.fail(DecodeErrorKind::Unresolvable(why))),
        }
    }

    fn record(&mut self, record: &'p Record, depth: Depth) -> Result<()> {
        let Some(order) = &record.order else {
            for action in &record.actions {
                self.action(action, depth)?;
            }
            return Ok(());
        };
        self.flush()?;
        let (start, first) = (self.writer.mark(), self.pieces.len());
        for action in &record.actions {
            let from = self.writer.mark();
            self.action(action, depth)?;
            self.flush()?;
            self.pieces.push(from..self.writer.mark());
        }
        let mut ordered = Vec::with_capacity(self.writer.mark() - start);
        for piece in order {
            match piece {
                Piece::Written(index) => {
                    let range = self
                        .pieces
                        .get(first + index)
                        .cloned()
                        .unwrap_or(start..start);
                    ordered.extend_from_slice(self.writer.written(range));
                }
                Piece::Put(bytes) => ordered.extend_from_slice(bytes),
            }
        }
        self.pieces.truncate(first);
        self.writer.rewind(start);
        self.writer.fixed(&ordered);
        self.bounded()
    }

    fn action(&mut self, action: &'p Action, depth: Depth) -> Result<()> {
        match action {
            Action::Put(bytes) => {
                self.flush()?;
                self.writer.fixed(bytes);
                self.bounded()
            }
            Action::Drop(name, skip) => {
                self.flush()?;
                self.skip(skip, depth)
                    .map_err(|error| error.within_named(name))?;
                self.copied = self.reader.position();
                Ok(())
            }
            Action::Field(name, step) => self
                .step(step, depth)
                .map_err(|error| error.within_named(name)),
        }
    }

    /// Elements one by one. Blocks come out without their sizes in bytes, which are no longer true.
    fn blocks(
        &mut self,
        depth: Depth,
        mut element: impl FnMut(&mut Self, Depth) -> Result<()>,
    ) -> Result<()> {
        let depth = self.below(depth, false)?;
        let mut index = 0;
        loop {
            let count = self.change(Reader::block)?;
            self.writer.index(count);
            if count == 0 {
                return self.bounded();
            }
            for _ in 0..count {
                element(self, depth).map_err(|error| error.within_item(index))?;
                index += 1;
            }
        }
    }

    fn below(&self, depth: Depth, record: bool) -> Result<Depth> {
        depth
            .below(record)
            .ok_or_else(|| self.reader.fail(DecodeErrorKind::TooDeep))
    }

    /// Reads something that will be written differently, or not at all.
    fn change<T>(&mut self, read: impl FnOnce(&mut Reader<'a>) -> Result<T>) -> Result<T> {
        self.flush()?;
        let value = read(&mut self.reader)?;
        self.copied = self.reader.position();
        Ok(value)
    }

    /// Copies what has been read and stays as it is.
    fn flush(&mut self) -> Result<()> {
        let position = self.reader.position();
        if let Some(same) = self.input.get(self.copied..position) {
            self.writer.fixed(same);
        }
        self.copied = position;
        self.bounded()
    }

    fn bounded(&self) -> Result<()> {
        if self.writer.mark() > self.most {
            return Err(self.reader.fail(DecodeErrorKind::TooManyBytes));
        }
        Ok(())
    }

    fn skip(&mut self, skip: &'p Skip, depth: Depth) -> Result<()> {
        match skip {
            Skip::Fixed(size) => self.reader.fixed_ref(*size).map(drop),
            Skip::Varint => self.reader.long().map(drop),
            Skip::Bytes => self.reader.bytes_ref().map(drop),
            Skip::Index(count) => self.reader.index(*count).map(drop),
            Skip::Array(items) => {
                let depth = self.below(depth, false)?;
                self.skip_blocks(|run, count| match **items {
                    // Numbers in rows are passed over at once.
                    Skip::Fixed(size) => {
                        let bytes = size.checked_mul(count);
                        let bytes =
                            bytes.ok_or_else(|| run.reader.fail(DecodeErrorKind::UnexpectedEnd))?;
                        run.reader.fixed_ref(bytes).map(drop)
                    }
                    _ => {
                        for _ in 0..count {
                            run.skip(items, depth)?;
                        }
                        Ok(())
                    }
                })
            }
            Skip::Map(values) => {
                let depth = self.below(depth, false)?;
                self.skip_blocks(|run, count| {
                    for _ in 0..count {
                        run.reader.bytes_ref()?;
                        run.skip(values, depth)?;
                    }
                    Ok(())
                })
            }
            Skip::Union(branches) => {
                let depth = self.below(depth, false)?;
                let index = self.reader.index(branches.len())?;
                self.skip(&branches[index], depth)
            }
            Skip::Record(record) => {
                let depth = self.below(depth, true)?;
                self.reader.charge(1)?;
                for skip in &self.plan.skips[*record] {
                    self.skip(skip, depth)?;
                }
                Ok(())
            }
        }
    }

    fn skip_blocks(
        &mut self,
        mut elements: impl FnMut(&mut Self, usize) -> Result<()>,
    ) -> Result<()> {
        loop {
            match self.reader.block()? {
                0 => return Ok(()),
                count => elements(self, count)?,
            }
        }
    }
}
