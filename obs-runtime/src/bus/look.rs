//! Looking at what a topic holds, without a group: nothing is given out, and nothing is acknowledged.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::time::Duration;

use super::{BusError, OwnedRecord, Receipt};

/// Which records of a topic a look is at.
///
/// ```no_run
/// use std::time::Duration;
///
/// use obs_runtime::Bus;
/// use obs_runtime::bus::{Look, Sight};
///
/// // Another program may have the folder.
/// let bus = Bus::open("file:/var/lib/shop?access=read", &[])?;
/// let mut view = bus.look("order.placed.v1", Look { last: Some(5), follow: false })?;
/// while let Sight::Record(record, receipt) = view.next(Duration::ZERO)? {
///     println!("{:?}: {} bytes", receipt.offset, record.body().map_or(0, <[u8]>::len));
/// }
/// # Ok::<(), obs_runtime::BusError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Look {
    /// So many of the newest alone; all there are, if nothing is said. Where a topic has parts, so many of each.
    pub last: Option<u64>,
    /// It goes on with what comes, and never ends by itself.
    pub follow: bool,
}

/// What is seen next.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Sight {
    /// A record, and where it is.
    Record(OwnedRecord, Receipt),
    /// Something that is no record any more: where, and what is wrong with it.
    Broken(String),
    /// Nothing for now.
    Nothing,
    /// Everything was seen.
    End,
}

/// A look at a topic: what a transport gives for [`Transport::look`](super::Transport::look).
pub trait View: Debug + Send {
    /// What comes next. If there is nothing, it sleeps for something to come, for so long at most.
    ///
    /// # Errors
    ///
    /// The bus cannot be looked at any more.
    fn next(&mut self, patience: Duration) -> Result<Sight, BusError>;
}

/// What a bus shows one after another, for those that are not told of what comes: a [`Walking`] looks again.
pub trait Walk: Debug + Send {
    /// The next, if there is one now.
    ///
    /// # Errors
    ///
    /// The bus cannot be looked at any more.
    fn step(&mut self) -> Result<Option<Sight>, BusError>;
}

/// A [`View`] of what a walk shows from the oldest on.
#[derive(Debug)]
pub struct Walking<W> {
    walk: W,
    look: Look,
    /// The newest, once all there is was gone through for them.
    newest: Option<VecDeque<Sight>>,
}

impl<W: Walk> Walking<W> {
    /// A view of such records.
    #[must_use]
    pub fn new(walk: W, look: Look) -> Walking<W> {
        Walking {
            walk,
            look,
            newest: None,
        }
    }

    /// The newest of those there are, as many as are asked for.
    fn skip_to(&mut self, last: u64) -> Result<VecDeque<Sight>, BusError> {
        let mut newest = VecDeque::new();
        while let Some(sight) = self.walk.step()? {
            newest.push_back(sight);
            if newest.len() as u64 > last {
                newest.pop_front();
            }
        }
        Ok(newest)
    }
}

impl<W: Walk> View for Walking<W> {
    fn next(&mut self, patience: Duration) -> Result<Sight, BusError> {
        if let (Some(last), None) = (self.look.last, &self.newest) {
            self.newest = Some(self.skip_to(last)?);
        }
        if let Some(sight) = self.newest.as_mut().and_then(VecDeque::pop_front) {
            return Ok(sight);
        }
        // What came while the newest were sought was not asked for.
        let ends = !self.look.follow;
        if ends && self.newest.is_some() {
            return Ok(Sight::End);
        }
        match self.walk.step()? {
            Some(sight) => return Ok(sight),
            None if ends => return Ok(Sight::End),
            None => {}
        }
        std::thread::sleep(patience);
        Ok(self.walk.step()?.unwrap_or(Sight::Nothing))
    }
}
