//! Which inputs are read, and where each output goes.

use std::collections::HashSet;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::failure::{Direction, Failure};
use crate::input::{self, Source};
use crate::output::{self, Destination};

/// What encrypted files' names end with.
const EXTENSION: &str = "waxseal";

/// One input and its output.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Job {
    pub(crate) input: Source,
    pub(crate) output: Destination,
}

/// All that is to be done.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) jobs: Vec<Job>,
    /// Inputs that nothing can be done about.
    pub(crate) failures: Vec<Failure>,
    /// Outputs go to a directory, which is made if it is not there.
    pub(crate) makes_directories: bool,
}

/// Where outputs go.
#[derive(Debug)]
enum Target {
    /// Each beside its input.
    Beside,
    Stdout,
    File(PathBuf),
    Directory(PathBuf),
}

impl Plan {
    /// The plan for the inputs `files`, of which `-` is standard input, and the output `out`.
    pub(crate) fn new(
        files: &[PathBuf],
        out: Option<&Path>,
        recursive: bool,
        direction: Direction,
    ) -> Result<Self, Failure> {
        let target = Target::of(files, out)?;
        let mut plan = Self { makes_directories: matches!(target, Target::Directory(_)), ..Self::default() };
        for file in files {
            plan.add(file, &target, recursive, direction);
        }
        refuse_conflicts(&plan.jobs)?;
        Ok(plan)
    }

    fn add(&mut self, file: &Path, target: &Target, recursive: bool, direction: Direction) {
        let input = Source::of(file);
        let is_directory = match &input {
            Source::Stdin => Ok(false),
            Source::File(path) => fs::metadata(path).map(|metadata| metadata.is_dir()),
        };
        match is_directory {
            Err(error) => self.failures.push(Failure::io(error).about(file.display())),
            Ok(true) if recursive => self.add_directory(file, target, direction),
            Ok(true) => {
                let failure = Failure::usage("is a directory; --recursive takes what is in it");
                self.failures.push(failure.about(file.display()));
            }
            Ok(false) => {
                let name = file.file_name().map(PathBuf::from).unwrap_or_default();
                self.add_file(input, &name, target, direction);
            }
        }
    }

    /// `name` is the input's path below the one that was given, for outputs in a directory.
    fn add_file(&mut self, input: Source, name: &Path, target: &Target, direction: Direction) {
        match target.output_of(&input, name, direction) {
            Ok(output) => self.jobs.push(Job { input, output }),
            Err(failure) => self.failures.push(failure.about(&input)),
        }
    }

    /// Encrypts what is not encrypted yet, decrypts what is, by the files' names.
    fn add_directory(&mut self, root: &Path, target: &Target, direction: Direction) {
        let (mut files, failures) = regular_files_below(root);
        self.failures.extend(failures);
        files.sort();
        for path in files {
            if is_sealed(&path) == (direction == Direction::Decrypt) {
                let name = path.strip_prefix(root).unwrap_or(&path).to_path_buf();
                self.add_file(Source::File(path), &name, target, direction);
            }
        }
    }
}

impl Target {
    fn of(files: &[PathBuf], out: Option<&Path>) -> Result<Self, Failure> {
        let has_stdin = files.iter().any(|file| Source::of(file) == Source::Stdin);
        let several = files.len() > 1 || files.iter().any(|file| file.is_dir());
        if has_stdin && several {
            return Err(Failure::usage("standard input can't be read together with other files"));
        }
        match out {
            None if has_stdin => Ok(Self::Stdout),
            None => Ok(Self::Beside),
            Some(out) if out.as_os_str() == "-" && several => {
                Err(Failure::usage("several outputs can't go to standard output"))
            }
            Some(out) if out.as_os_str() == "-" => Ok(Self::Stdout),
            Some(out) if several || out.is_dir() || ends_with_separator(out) => {
                Ok(Self::Directory(out.to_path_buf()))
            }
            Some(out) => Ok(Self::File(out.to_path_buf())),
        }
    }

    fn output_of(&self, input: &Source, name: &Path, direction: Direction) -> Result<Destination, Failure> {
        let path = match (self, input) {
            (Self::Stdout, _) | (Self::Beside, Source::Stdin) => return Ok(Destination::Stdout),
            (Self::File(path), _) => path.clone(),
            (Self::Directory(_), Source::Stdin) => {
                return Err(Failure::usage("has no name; give the output one with -o FILE"));
            }
            (Self::Directory(directory), Source::File(_)) => directory.join(renamed(name, direction)),
            (Self::Beside, Source::File(path)) if direction == Direction::Decrypt && !is_sealed(path) => {
                let why = format!("the name doesn't end with .{EXTENSION}; give the output one with -o");
                return Err(Failure::usage(why));
            }
            (Self::Beside, Source::File(path)) => renamed(path, direction),
        };
        Ok(Destination::File(path))
    }
}

fn ends_with_separator(path: &Path) -> bool {
    path.as_os_str().to_string_lossy().ends_with(std::path::is_separator)
}

fn is_sealed(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == EXTENSION)
}

/// The output's name: with the extension to encrypt, without it to decrypt.
fn renamed(path: &Path, direction: Direction) -> PathBuf {
    match direction {
        Direction::Encrypt => {
            let mut name = path.as_os_str().to_os_string();
            name.push(".");
            name.push(EXTENSION);
            name.into()
        }
        Direction::Decrypt if is_sealed(path) => path.with_extension(""),
        Direction::Decrypt => path.to_path_buf(),
    }
}

/// The regular files of a directory and of all below it. Symbolic links are not followed.
fn regular_files_below(root: &Path) -> (Vec<PathBuf>, Vec<Failure>) {
    let (mut files, mut failures) = (Vec::new(), Vec::new());
    let mut directories = vec![root.to_path_buf()];
    while let Some(directory) = directories.pop() {
        let mut visit = || -> io::Result<()> {
            for entry in fs::read_dir(&directory)? {
                let entry = entry?;
                let kind = entry.file_type()?;
                if kind.is_dir() {
                    directories.push(entry.path());
                } else if kind.is_file() {
                    files.push(entry.path());
                }
            }
            Ok(())
        };
        failures.extend(visit().err().map(|error| Failure::io(error).about(directory.display())));
    }
    (files, failures)
}

/// No output may be an input, nor that of two inputs.
fn refuse_conflicts(jobs: &[Job]) -> Result<(), Failure> {
    let inputs: HashSet<Identity> = jobs.iter().filter_map(|job| Identity::of_input(&job.input)).collect();
    let mut outputs = HashSet::new();
    for job in jobs {
        if Identity::of_output(&job.output).is_some_and(|output| inputs.contains(&output)) {
            return Err(Failure::usage("the output is an input").about(&job.output));
        }
        if let Destination::File(path) = &job.output
            && !outputs.insert(without_dots(path))
        {
            return Err(Failure::usage("two inputs have this same output").about(&job.output));
        }
    }
    Ok(())
}

fn without_dots(path: &Path) -> PathBuf {
    path.components().filter(|component| *component != Component::CurDir).collect()
}

/// What tells one regular file from another, whatever path leads to it.
#[derive(PartialEq, Eq, Hash)]
struct Identity {
    #[cfg(unix)]
    device_and_inode: (u64, u64),
    #[cfg(not(unix))]
    canonical: PathBuf,
}

impl Identity {
    fn of_input(input: &Source) -> Option<Self> {
        match input {
            Source::Stdin => Self::of_open(input::stdin().ok()?.metadata().ok()?),
            Source::File(path) => Self::of_path(path),
        }
    }

    fn of_output(output: &Destination) -> Option<Self> {
        match output {
            Destination::Stdout => Self::of_open(output::stdout().ok()?.metadata().ok()?),
            Destination::File(path) => Self::of_path(path),
        }
    }

    #[cfg(unix)]
    fn of_path(path: &Path) -> Option<Self> {
        Self::of_open(fs::metadata(path).ok()?)
    }

    #[cfg(unix)]
    fn of_open(metadata: Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        metadata.is_file().then(|| Self { device_and_inode: (metadata.dev(), metadata.ino()) })
    }

    #[cfg(not(unix))]
    fn of_path(path: &Path) -> Option<Self> {
        Some(Self { canonical: fs::canonicalize(path).ok()? })
    }

    #[cfg(not(unix))]
    fn of_open(_metadata: Metadata) -> Option<Self> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(files: &[&Path], out: Option<&Path>, direction: Direction) -> Result<Plan, Failure> {
        let files: Vec<PathBuf> = files.iter().map(|file| file.to_path_buf()).collect();
        Plan::new(&files, out, true, direction)
    }

    fn outputs(plan: Plan) -> Vec<PathBuf> {
        assert!(plan.failures.is_empty(), "{:?}", plan.failures);
        let path = |job: Job| match job.output {
            Destination::File(path) => path,
            Destination::Stdout => "-".into(),
        };
        plan.jobs.into_iter().map(path).collect()
    }

    /// A directory with a, b.waxseal and sub/c.
    fn tree() -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("tree");
        fs::create_dir_all(root.join("sub")).unwrap();
        for name in ["a", "b.waxseal", "sub/c"] {
            fs::write(root.join(name), name).unwrap();
        }
        (directory, root)
    }

    #[test]
    fn outputs_are_beside_their_inputs_unless_told_otherwise() {
        let (_kept, root) = tree();
        let (a, b) = (root.join("a"), root.join("b.waxseal"));
        let sealed = |out| outputs(plan(&[&a], out, Direction::Encrypt).unwrap());
        assert_eq!(sealed(None), [root.join("a.waxseal")]);
        assert_eq!(sealed(Some(Path::new("-"))), [Path::new("-")]);
        assert_eq!(sealed(Some(Path::new("x"))), [Path::new("x")]);
        assert_eq!(sealed(Some(Path::new("x/"))), [Path::new("x/a.waxseal")]);
        assert_eq!(sealed(Some(&root.join("sub"))), [root.join("sub/a.waxseal")]);
        assert_eq!(outputs(plan(&[&b], None, Direction::Decrypt).unwrap()), [root.join("b")]);
        let stdin = plan(&[Path::new("-")], None, Direction::Encrypt).unwrap();
        assert_eq!(outputs(stdin), [Path::new("-")]);
    }

    #[test]
    fn directories_keep_their_shape_and_each_direction_takes_its_files() {
        let (_kept, root) = tree();
        let sealed = plan(&[&root], Some(Path::new("x")), Direction::Encrypt).unwrap();
        assert_eq!(outputs(sealed), [Path::new("x/a.waxseal"), Path::new("x/sub/c.waxseal")]);
        let opened = plan(&[&root], Some(Path::new("x")), Direction::Decrypt).unwrap();
        assert_eq!(outputs(opened), [Path::new("x/b")]);
        let beside = plan(&[&root], None, Direction::Encrypt).unwrap();
        assert_eq!(outputs(beside), [root.join("a.waxseal"), root.join("sub/c.waxseal")]);
    }

    #[test]
    fn what_has_no_output_fails_alone() {
        let (_kept, root) = tree();
        let missing = root.join("missing");
        let files = [root.join("a"), missing, root.clone()];
        let plan = Plan::new(&files, None, false, Direction::Encrypt).unwrap();
        assert_eq!(plan.jobs.len(), 1);
        let texts: Vec<String> = plan.failures.iter().filter_map(Failure::text).collect();
        assert!(texts[0].contains("missing") && texts[1].contains("--recursive"), "{texts:?}");
        let unnamed = Plan::new(&files[..1], None, false, Direction::Decrypt).unwrap();
        assert!(unnamed.jobs.is_empty() && unnamed.failures.len() == 1);
    }

    #[test]
    fn an_output_that_is_an_input_is_refused() {
        let (_kept, root) = tree();
        let (a, b) = (root.join("a"), root.join("b.waxseal"));
        assert!(plan(&[&a], Some(&a), Direction::Encrypt).is_err());
        fs::write(root.join("b"), b"").unwrap();
        assert!(plan(&[&root.join("b"), &b], None, Direction::Encrypt).is_err(), "b's output is b.waxseal");
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&a, root.join("link")).unwrap();
            assert!(plan(&[&a], Some(&root.join("link")), Direction::Encrypt).is_err());
        }
    }

    #[test]
    fn two_inputs_with_one_output_are_refused() {
        let (_kept, root) = tree();
        fs::write(root.join("sub/a"), b"").unwrap();
        let (one, other) = (root.join("a"), root.join("sub/a"));
        assert!(plan(&[&one, &other], Some(Path::new("x")), Direction::Encrypt).is_err());
        assert!(plan(&[&one, &other], None, Direction::Encrypt).is_ok());
        assert!(plan(&[&one, &root.join("./a")], None, Direction::Encrypt).is_err());
        assert!(plan(&[&one, Path::new("-")], None, Direction::Encrypt).is_err());
    }
}
