//! A disk in memory that loses power, tears what was not synced, and fails when the dice say so.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::bus::file::disk::{Disk, DiskFile, Held};

/// What a disk writes whole or not at all.
const SECTOR: usize = 512;

const DEAD: &str = "the process is dead";

/// Dice that can be thrown again.
#[derive(Clone, Debug)]
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// Less than this.
    pub(super) fn below(&mut self, sides: u64) -> u64 {
        self.roll() % sides
    }

    /// So many times in a hundred.
    pub(super) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// How often in a hundred times something goes wrong.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Faults {
    pub(super) short: u64,
    pub(super) write: u64,
    pub(super) full: u64,
    pub(super) sync: u64,
    /// Cutting and removing.
    pub(super) tidy: u64,
    pub(super) other: u64,
}

/// What was done to a file, or to the names, and is not synced.
#[derive(Clone, Debug)]
enum Change {
    Write(usize, Vec<u8>),
    Cut(usize),
}

#[derive(Clone, Debug)]
enum Naming {
    Link(String, usize),
    Unlink(String),
    Rename(String, String),
}

/// What is in a file as the system sees it, and as the disk has it.
#[derive(Clone, Debug, Default)]
struct Inode {
    seen: Vec<u8>,
    disk: Vec<u8>,
    unsynced: Vec<Change>,
}

#[derive(Debug)]
struct World {
    dice: Dice,
    faults: Faults,
    inodes: Vec<Inode>,
    seen: BTreeMap<String, usize>,
    disk: BTreeMap<String, usize>,
    unsynced: Vec<Naming>,
    /// Who has the folder. Handles of the dead are powerless.
    life: u64,
    /// How many operations are left until the process dies in the middle of one.
    left: u64,
    count: Counts,
}

/// What went wrong, so that a test can show that something did.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) short: u64,
    pub(super) write: u64,
    pub(super) full: u64,
    pub(super) sync: u64,
    pub(super) torn: u64,
}

/// A handle to the disk, for one life of a process.
#[derive(Clone, Debug)]
pub(super) struct Sim {
    world: Arc<Mutex<World>>,
    life: u64,
}

#[derive(Debug)]
struct SimFile {
    sim: Sim,
    inode: usize,
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Change::Write(at, new) => {
                let end = at + new.len();
                bytes.resize(bytes.len().max(end), 0);
                bytes[*at..end].copy_from_slice(new);
            }
            Change::Cut(size) => bytes.truncate(*size),
        }
    }
}

impl Naming {
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            Naming::Link(name, inode) => drop(names.insert(name.clone(), *inode)),
            Naming::Unlink(name) => drop(names.remove(name)),
            Naming::Rename(from, to) => {
                if let Some(inode) = names.remove(from) {
                    names.insert(to.clone(), inode);
                }
            }
        }
    }
}

impl Inode {
    fn change(&mut self, change: Change) {
        change.apply(&mut self.seen);
        self.unsynced.push(change);
    }

    /// Some of what was not synced gets to the disk, in pieces and in no order.
    fn tear(&mut self, dice: &mut Dice) -> bool {
        let (mut whole, all) = (true, dice.percent(20));
        for change in std::mem::take(&mut self.unsynced) {
            let Change::Write(at, bytes) = &change else {
                if dice.percent(50) {
                    change.apply(&mut self.disk);
                }
                continue;
            };
            let mut from = 0;
            while from < bytes.len() {
                let to = bytes.len().min(from + SECTOR - (at + from) % SECTOR);
                if all || dice.percent(60) {
                    Change::Write(at + from, bytes[from..to].to_vec()).apply(&mut self.disk);
                } else {
                    whole = false;
                    if dice.percent(30) {
                        // The file has grown, and what somebody else left there can be seen.
                        let other = (from..to).map(|_| dice.roll() as u8).collect();
                        Change::Write(at + from, other).apply(&mut self.disk);
                    }
                }
                from = to;
            }
        }
        whole
    }
}

impl Sim {
    pub(super) fn new(seed: u64) -> Sim {
        let world = World {
            dice: Dice(seed),
            faults: Faults::default(),
            inodes: Vec::new(),
            seen: BTreeMap::new(),
            disk: BTreeMap::new(),
            unsynced: Vec::new(),
            life: 0,
            left: u64::MAX,
            count: Counts::default(),
        };
        let world = Arc::new(Mutex::new(world));
        Sim { world, life: 0 }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    pub(super) fn faults(&self, faults: Faults) {
        self.world().faults = faults;
    }

    /// The process dies in the middle of this operation from now.
    pub(super) fn dies_in(&self, operations: u64) {
        self.world().left = operations;
    }

    pub(super) fn counts(&self) -> Counts {
        self.world().count
    }

    /// The process is dead; the system goes on.
    pub(super) fn kill(&self) -> Sim {
        let mut world = self.world();
        world.life += 1;
        (world.left, world.faults) = (u64::MAX, Faults::default());
        Sim {
            world: Arc::clone(&self.world),
            life: world.life,
        }
    }

    /// The power is gone, and with it what was not synced, or some of it.
    pub(super) fn power_cut(&self) -> Sim {
        let next = self.kill();
        let mut world = self.world();
        let world = &mut *world;
        let mut disk = std::mem::take(&mut world.disk);
        for naming in std::mem::take(&mut world.unsynced) {
            if world.dice.percent(60) {
                naming.apply(&mut disk);
            }
        }
        (world.disk, world.seen) = (disk.clone(), disk);
        for inode in &mut world.inodes {
            world.count.torn += u64::from(!inode.tear(&mut world.dice));
            inode.seen.clone_from(&inode.disk);
        }
        next
    }

    /// The world, if the process lives and nothing is wrong with this operation.
    fn alive(&self, percent: impl Fn(&Faults) -> u64) -> io::Result<MutexGuard<'_, World>> {
        let mut world = self.world();
        let dead = || io::Error::other(DEAD);
        if world.life != self.life || world.left == 0 {
            return Err(dead());
        }
        world.left -= 1;
        let percent = percent(&world.faults);
        if world.dice.percent(percent) {
            return Err(io::Error::other("a fault"));
        }
        Ok(world)
    }
}

impl Disk for Sim {
    fn path(&self) -> &Path {
        Path::new("/sim")
    }

    fn hold(&self) -> io::Result<Held> {
        self.alive(|_| 0).map(|_| Held::Still)
    }

    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self
            .alive(|faults| faults.other)?
            .seen
            .keys()
            .cloned()
            .collect())
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let mut world = self.alive(|faults| faults.other)?;
        if world.seen.contains_key(name) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let full = world.faults.full;
        if world.dice.percent(full) {
            return Err(ErrorKind::StorageFull.into());
        }
        world.inodes.push(Inode::default());
        let inode = world.inodes.len() - 1;
        world.naming(Naming::Link(name.to_owned(), inode));
        let sim = self.clone();
        Ok(Box::new(SimFile { sim, inode }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let world = self.alive(|faults| faults.other)?;
        let inode = *world.seen.get(name).ok_or(ErrorKind::NotFound)?;
        let sim = self.clone();
        Ok(Box::new(SimFile { sim, inode }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut world = self.alive(|faults| faults.other)?;
        world.naming(Naming::Rename(from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut world = self.alive(|faults| faults.tidy)?;
        if !world.seen.contains_key(name) {
            return Err(ErrorKind::NotFound.into());
        }
        world.naming(Naming::Unlink(name.to_owned()));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut world = self.alive(|faults| faults.sync)?;
        world.disk = world.seen.clone();
        world.unsynced.clear();
        Ok(())
    }
}

impl World {
    fn naming(&mut self, naming: Naming) {
        naming.apply(&mut self.seen);
        self.unsynced.push(naming);
    }
}

impl DiskFile for SimFile {
    fn append(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut world = self.sim.alive(|_| 0)?;
        let Faults {
            short, write, full, ..
        } = world.faults;
        let all = bytes.len() as u64;
        let (written, result) = if world.left == 0 {
            (world.dice.below(all + 1), Err(io::Error::other(DEAD)))
        } else if world.dice.percent(short) {
            world.count.short += 1;
            let written = 1 + world.dice.below(all);
            (written, Ok(written as usize))
        } else if world.dice.percent(write) {
            world.count.write += 1;
            let written = world.dice.below(all + 1);
            (written, Err(io::Error::other("a bad sector")))
        } else if world.dice.percent(full) {
            world.count.full += 1;
            // What fits is written, and the next call has the error.
            match world.dice.below(all) {
                0 => (0, Err(ErrorKind::StorageFull.into())),
                written => (written, Ok(written as usize)),
            }
        } else {
            (all, Ok(bytes.len()))
        };
        let written = written as usize;
        let inode = &mut world.inodes[self.inode];
        let at = inode.seen.len();
        inode.change(Change::Write(at, bytes[..written].to_vec()));
        result
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let mut world = self.sim.alive(|faults| faults.other)?;
        let short = world.faults.short;
        let short = world.dice.percent(short);
        let seen = &world.inodes[self.inode].seen;
        let rest = seen.get(at as usize..).unwrap_or_default();
        let most = rest.len().min(into.len());
        let most = if short { most.div_ceil(2) } else { most };
        into[..most].copy_from_slice(&rest[..most]);
        Ok(most)
    }

    fn size(&self) -> io::Result<u64> {
        let world = self.sim.alive(|faults| faults.other)?;
        Ok(world.inodes[self.inode].seen.len() as u64)
    }

    fn cut(&self, size: u64) -> io::Result<()> {
        let mut world = self.sim.alive(|faults| faults.tidy)?;
        world.inodes[self.inode].change(Change::Cut(size as usize));
        Ok(())
    }

    /// One that fails leaves some of it unwritten, and the system calls all of it clean.
    fn sync(&self) -> io::Result<()> {
        let mut world = self.sim.alive(|_| 0)?;
        let world = &mut *world;
        let inode = &mut world.inodes[self.inode];
        if world.dice.percent(world.faults.sync) {
            world.count.sync += 1;
            inode.tear(&mut world.dice);
            return Err(io::Error::other("a bad disk"));
        }
        for change in std::mem::take(&mut inode.unsynced) {
            change.apply(&mut inode.disk);
        }
        Ok(())
    }

    fn named(&self) -> io::Result<bool> {
        let world = self.sim.alive(|faults| faults.other)?;
        Ok(world.seen.values().any(|inode| *inode == self.inode))
    }
}
