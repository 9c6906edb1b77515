//! What the bus asks of a disk, and the disk of this machine. Tests bring one that fails when they say so.

#![expect(clippy::disallowed_methods, reason = "this is the room for files")]

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::lane::lock;

/// The file whose lock says who has the folder.
const LOCK: &str = "lock";

/// A folder that is all ours.
pub(super) trait Disk: Debug + Send + Sync {
    fn path(&self) -> &Path;

    /// Takes the folder for this process, or makes sure that it still has it.
    fn hold(&self) -> io::Result<Held>;

    fn names(&self) -> io::Result<Vec<String>>;

    /// A file that is not there yet.
    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>>;

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>>;

    /// Over what is there.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    fn remove(&self, name: &str) -> io::Result<()>;

    /// Which files there are survives a power cut from now on.
    fn sync(&self) -> io::Result<()>;
}

/// A file that only grows, unless it is cut.
pub(super) trait DiskFile: Debug + Send + Sync {
    /// Writes at the end as many of these bytes as it can at once.
    fn append(&self, bytes: &[u8]) -> io::Result<usize>;

    /// Reads as many bytes as it can at once.
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize>;

    fn size(&self) -> io::Result<u64>;

    fn cut(&self, size: u64) -> io::Result<()>;

    /// What is in it survives a power cut from now on.
    fn sync(&self) -> io::Result<()>;

    /// Whether it still has a name. Without one it is gone when we are.
    fn named(&self) -> io::Result<bool>;
}

/// Whose a folder is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Held {
    /// Ours, as before.
    Still,
    /// Ours from now on.
    Anew,
    /// Another's.
    Elsewhere,
}

/// Writes all bytes at the end.
pub(super) fn append_all(file: &dyn DiskFile, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.append(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Reads until there is no room or nothing more, and says how many bytes that were.
pub(super) fn read_all(file: &dyn DiskFile, at: u64, into: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < into.len() {
        match file.read_at(at + filled as u64, &mut into[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// The names in a folder.
pub(super) fn names(path: &Path) -> io::Result<Vec<String>> {
    // A name that is no text is none of ours.
    let name = |entry: io::Result<fs::DirEntry>| match entry {
        Ok(entry) => entry.file_name().into_string().ok().map(Ok),
        Err(error) => Some(Err(error)),
    };
    fs::read_dir(path)?.filter_map(name).collect()
}

/// A file of a folder that belongs to somebody else, perhaps: it is read and nothing more.
pub(super) fn open_to_read(path: &Path, name: &str) -> io::Result<Box<dyn DiskFile>> {
    Ok(Box::new(File::open(path.join(name))?))
}

/// A folder of this machine.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    lock: Mutex<Option<File>>,
}

impl Folder {
    /// A folder, which is made if it is not there, and then survives a power cut.
    pub(super) fn new(path: &Path) -> io::Result<Folder> {
        let made: Vec<&Path> = path.ancestors().take_while(|path| !path.exists()).collect();
        fs::create_dir_all(path)?;
        for parent in made.into_iter().filter_map(Path::parent) {
            let here = parent.as_os_str().is_empty();
            sync_folder(if here { Path::new(".") } else { parent })?;
        }
        Ok(Folder {
            path: path.to_owned(),
            lock: Mutex::new(None),
        })
    }
}

#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Folders cannot be opened here; the system writes their entries itself.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

impl Disk for Folder {
    fn path(&self) -> &Path {
        &self.path
    }

    fn hold(&self) -> io::Result<Held> {
        let mut held = lock(&self.lock);
        if let Some(file) = held.as_ref()
            && file.named()?
        {
            return Ok(Held::Still);
        }
        let mut options = OpenOptions::new();
        let file = options
            .create(true)
            .append(true)
            .open(self.path.join(LOCK))?;
        // The system lets go of it when the process ends, however it ends.
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(Held::Elsewhere),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        *held = Some(file);
        Ok(Held::Anew)
    }

    fn names(&self) -> io::Result<Vec<String>> {
        names(&self.path)
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        let options = options.create_new(true).append(true).read(true);
        Ok(Box::new(options.open(self.path.join(name))?))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        let options = options.append(true).read(true);
        Ok(Box::new(options.open(self.path.join(name))?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path.join(from), self.path.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    fn sync(&self) -> io::Result<()> {
        sync_folder(&self.path)
    }
}

impl DiskFile for File {
    fn append(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut file = self;
        file.write(bytes)
    }

    #[cfg(unix)]
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, into, at)
    }

    #[cfg(windows)]
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(self, into, at)
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn cut(&self, size: u64) -> io::Result<()> {
        self.set_len(size)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }

    #[cfg(unix)]
    fn named(&self) -> io::Result<bool> {
        Ok(std::os::unix::fs::MetadataExt::nlink(&self.metadata()?) > 0)
    }

    /// An open file cannot be removed here.
    #[cfg(not(unix))]
    fn named(&self) -> io::Result<bool> {
        Ok(true)
    }
}
