package dev.merapi.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The local cache of the Hugging Face hub: `models--ORG--NAME/refs/main` names a commit, `snapshots/COMMIT` is its
/// folder.
/// Read only; nothing is downloaded.
final class HubCache {
    private HubCache() {}

    /// A folder as it stands, or else the cached snapshot of a hub name such as `bert-base-uncased` or `org/name`.
    static Path folder(String name) {
        Path folder = Path.of(name);
        if (Files.isDirectory(folder)) return folder;
        if (Files.exists(folder))
            throw new UsageException(
                    "--model: expected a model folder with config.json, got the file " + name + "; name its folder");
        Path repository = root().resolve("models--" + name.replace("/", "--"));
        Path revision = repository.resolve("refs").resolve("main");
        if (!name.startsWith(".") && Files.isReadable(revision)) {
            Path snapshot = repository.resolve("snapshots").resolve(read(revision));
            if (Files.isDirectory(snapshot)) return snapshot;
        }
        throw new UsageException("--model: there is no folder " + name + ", and no such name in the hub cache " + root()
                + "; check the path");
    }

    /// Where huggingface_hub keeps models: `HF_HUB_CACHE`, else `HF_HOME/hub`, else `~/.cache/huggingface/hub`.
    private static Path root() {
        String cache = System.getenv("HF_HUB_CACHE");
        if (cache != null && !cache.isEmpty()) return Path.of(cache);
        String home = System.getenv("HF_HOME");
        if (home != null && !home.isEmpty()) return Path.of(home, "hub");
        return Path.of(System.getProperty("user.home"), ".cache", "huggingface", "hub");
    }

    private static String read(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
