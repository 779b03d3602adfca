package dev.merapi.nn.hub;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/// The part of the hub's cache that belongs to one model, as huggingface_hub lays it out:
///
///     models--org--name/
///       blobs/<etag>                       contents, once each
///       refs/<revision>                    the commit that a branch or tag pointed to
///       snapshots/<commit>/<path>          → ../../blobs/<etag>
///       .no_exist/<commit>/<path>          empty: the commit has no such file
///     .locks/models--org--name/<etag>.lock
///
/// A commit never changes, so a file that is in its snapshot is right for ever.
final class HubCache {
    private static final int POLL_MILLIS = 50;

    private final Path locks;
    private final Path model;
    private final boolean links;

    HubCache(HubSettings settings, String name) {
        String folder = "models--" + name.replace("/", "--");
        this.locks = settings.cache().resolve(".locks").resolve(folder);
        this.model = settings.cache().resolve(folder);
        this.links = settings.links();
    }

    static boolean isCommit(String revision) {
        return revision.matches("[0-9a-f]{40}");
    }

    Path snapshot(String commit) {
        return model.resolve("snapshots").resolve(commit);
    }

    Path blob(String etag) {
        return model.resolve("blobs").resolve(etag);
    }

    /// The folder of a revision that was downloaded.
    Optional<Path> find(String revision) throws IOException {
        Path ref = model.resolve("refs").resolve(revision);
        String commit = revision;
        if (!isCommit(revision))
            commit = Files.isRegularFile(ref) ? Files.readString(ref).strip() : "";
        return isCommit(commit) && Files.isDirectory(snapshot(commit))
                ? Optional.of(snapshot(commit))
                : Optional.empty();
    }

    /// Notes what a branch or tag points to, once all of its files are here.
    void remember(String revision, String commit) throws IOException {
        if (isCommit(revision)) return;
        Path ref = model.resolve("refs").resolve(revision);
        if (Files.isRegularFile(ref) && Files.readString(ref).strip().equals(commit)) return;
        Files.createDirectories(ref.getParent());
        Path temporary = Files.createTempFile(ref.getParent(), ".ref", ".tmp");
        Files.write(temporary, commit.getBytes(StandardCharsets.US_ASCII));
        Files.move(temporary, ref, StandardCopyOption.ATOMIC_MOVE);
    }

    /// Whether it is known here if a commit has this file.
    boolean knows(String commit, String file) {
        return Files.exists(snapshot(commit).resolve(file)) || Files.exists(missing(commit, file));
    }

    /// Notes that a commit has no such file.
    void lacks(String commit, String file) throws IOException {
        Files.createDirectories(missing(commit, file).getParent());
        Files.write(missing(commit, file), new byte[0]);
    }

    private Path missing(String commit, String file) {
        return model.resolve(".no_exist").resolve(commit).resolve(file);
    }

    /// Shows a blob under its path in a snapshot: a relative link, or a copy where there can be none.
    void show(String etag, String commit, String file) throws IOException {
        Path blob = blob(etag);
        Path place = snapshot(commit).resolve(file);
        Files.createDirectories(place.getParent());
        if (links) {
            try {
                Files.deleteIfExists(place); // a link into nothing
                Files.createSymbolicLink(place, place.getParent().relativize(blob));
                return;
            } catch (FileAlreadyExistsException e) {
                return; // somebody else was as far
            } catch (UnsupportedOperationException | FileSystemException e) {
                System.getLogger(HubCache.class.getName())
                        .log(System.Logger.Level.DEBUG, place + ": no symbolic links here, copied", e);
            }
        }
        Path temporary = Files.createTempFile(place.getParent(), ".copy", ".tmp");
        Files.copy(blob, temporary, StandardCopyOption.REPLACE_EXISTING);
        Files.move(temporary, place, StandardCopyOption.ATOMIC_MOVE);
    }

    interface Work {
        void run() throws IOException, InterruptedException;
    }

    /// Runs `work` while no other thread or process of ours works on this blob.
    void locked(String etag, Work work) throws IOException, InterruptedException {
        Files.createDirectories(locks);
        Path file = locks.resolve(etag + ".lock");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            FileLock lock = tryLock(channel);
            while (lock == null) {
                Thread.sleep(POLL_MILLIS);
                lock = tryLock(channel);
            }
            work.run(); // closing the channel releases the lock
        }
    }

    /// null where another process, or another thread of this one, has it.
    private static FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }
}
