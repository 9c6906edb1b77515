//! Looking at what a topic holds, without a group: nothing is given out, and nothing is acknowledged.

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
