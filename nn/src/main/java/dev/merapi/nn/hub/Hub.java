package dev.merapi.nn.hub;

import dev.merapi.nn.pretrained.Json;
import dev.merapi.nn.pretrained.PretrainedException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The Hugging Face hub: brings a model into the local cache, or finds it there.
///
///     Path folder = Hub.of(System.getenv()).snapshot("sentence-transformers/all-MiniLM-L6-v2", "main");
///
/// The cache is that of Python's huggingface_hub, so both share their downloads. Only what a model needs is
/// brought. A branch is resolved to a commit once, and all files are of that commit; what is there already is
/// not asked for again. Threads and processes may do this at once.
public final class Hub {
    private static final int MAX_ANSWER = 20_000_000;

    /// Is told how far a file is, often.
    public interface Progress {
        /// @param total bytes of the file; −1 where the hub does not say
        void at(String file, long bytes, long total);
    }

    private final HubSettings settings;
    private final Duration pause;

    /// @param pause before a second attempt
    Hub(HubSettings settings, Duration pause) {
        this.settings = settings;
        this.pause = pause;
    }

    /// @param environment with the `HF_…` variables: `System.getenv()`
    public static Hub of(Map<String, String> environment) {
        return new Hub(HubSettings.of(environment), Duration.ofSeconds(1));
    }

    public HubSettings settings() {
        return settings;
    }

    /// Whether `text` can be the name of a model: `bert-base-uncased`, `org/name`.
    public static boolean isName(String text) {
        return text.matches("\\w[\\w.-]{0,95}(/\\w[\\w.-]{0,95})?") && !text.contains("..") && !text.contains("--");
    }

    /// The folder of a model, as far as the cache has it; opens no connection.
    public Optional<Path> cached(String name, String revision) {
        check(name, revision);
        try {
            return new HubCache(settings, name).find(revision);
        } catch (IOException e) {
            throw broken(name, e);
        }
    }

    /// The folder of a model that is in the cache; else it is brought first. What Python brought may lack
    /// files, and is completed at its own commit, or used as it is where the hub refuses.
    public Path model(String name, Progress progress) {
        Optional<Path> cached = cached(name, "main");
        if (cached.isEmpty()) return snapshot(name, "main", progress);
        Path folder = cached.get();
        String commit = folder.getFileName().toString();
        HubCache cache = new HubCache(settings, name);
        boolean whole = ModelFiles.isModel(folder);
        if (settings.offline() || whole && ModelFiles.TELLING.stream().allMatch(file -> cache.knows(commit, file)))
            return folder;
        try {
            return snapshot(name, commit, progress);
        } catch (HubException e) {
            if (!whole) throw e;
            return instead(folder, e);
        }
    }

    /// What is in the cache, where the hub does not help.
    private static Path instead(Path folder, HubException e) {
        System.getLogger(Hub.class.getName())
                .log(System.Logger.Level.WARNING, e.getMessage() + "; the cached one is used");
        return folder;
    }

    public Path snapshot(String name, String revision) {
        return snapshot(name, revision, (file, bytes, total) -> {});
    }

    /// The folder of a model with all its files as they are on the hub now.
    ///
    /// When offline, or when the hub does not answer, it is what the cache has of that revision.
    ///
    /// @param revision a branch, a tag or a commit
    /// @throws HubException if there is no such model, it may not be read, or it does not arrive whole
    public Path snapshot(String name, String revision, Progress progress) {
        check(name, revision);
        HubCache cache = new HubCache(settings, name);
        try {
            if (settings.offline())
                return cache.find(revision)
                        .orElseThrow(() -> new HubException(
                                name + ": expected the revision " + revision + " in the cache " + settings.cache()
                                        + " while offline, got none; unset HF_HUB_OFFLINE to download it"));
            return download(name, revision, cache, progress);
        } catch (HubException e) {
            Optional<Path> old = e.isUnreachable() ? cached(name, revision) : Optional.empty();
            if (old.isEmpty() || !ModelFiles.isModel(old.get())) throw e;
            return instead(old.get(), e);
        } catch (PretrainedException e) {
            throw new HubException(
                    name + ": expected the hub's description of a model, got something else (" + e.getMessage()
                            + "); is HF_ENDPOINT right?",
                    e);
        } catch (IOException e) {
            throw broken(name, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HubException(name + ": the download was interrupted; run it again to continue", e);
        }
    }

    private Path download(String name, String revision, HubCache cache, Progress progress)
            throws IOException, InterruptedException {
        try (HubClient client = new HubClient(settings, pause)) {
            Json.Obj info = info(client, name, revision);
            String commit = info.string("sha", "");
            if (!HubCache.isCommit(commit)) throw strange(name, "a commit of 40 hexadecimal digits", commit);
            Download download = new Download(client, settings.timeout(), pause, progress);
            List<String> all = names(info, name);
            for (String file : ModelFiles.of(all)) {
                checkPath(name, file);
                if (Files.exists(cache.snapshot(commit).resolve(file))) continue;
                Download.File remote = head(client, name, commit, file);
                cache.locked(remote.etag(), () -> {
                    download.bring(remote, cache.blob(remote.etag()), name + " " + file);
                    cache.show(remote.etag(), commit, file);
                });
            }
            for (String file : ModelFiles.TELLING) if (!all.contains(file)) cache.lacks(commit, file);
            cache.remember(revision, commit);
            return cache.snapshot(commit);
        }
    }

    private Json.Obj info(HubClient client, String name, String revision) throws IOException, InterruptedException {
        URI uri = client.uri("api/models", name, "revision");
        uri = URI.create(uri + "/" + HubClient.escape(revision));
        String what = name + (revision.equals("main") ? "" : " " + revision);
        try (InputStream in = client.get(uri, 0, what).body()) {
            byte[] answer = in.readNBytes(MAX_ANSWER);
            return Json.parse(name, answer);
        }
    }

    private static List<String> names(Json.Obj info, String name) {
        return info.array("siblings").stream()
                .map(sibling -> sibling instanceof Json.Obj file ? file.string("rfilename", "") : "")
                .toList();
    }

    private static Download.File head(HubClient client, String name, String commit, String file)
            throws InterruptedException {
        URI uri = client.uri(name, "resolve", commit, file);
        var response = client.head(uri, name + " " + file);
        HttpHeaders headers = response.headers();
        String moved = headers.firstValue("X-Repo-Commit").orElse(commit);
        if (!moved.equals(commit)) throw strange(name + " " + file, "a file of commit " + commit, "one of " + moved);
        String etag = headers.firstValue("X-Linked-Etag")
                .or(() -> headers.firstValue("ETag"))
                .orElse("")
                .replaceFirst("^W/", "")
                .replace("\"", "");
        if (!etag.matches("[0-9A-Za-z][0-9A-Za-z._-]{0,127}")) throw strange(name + " " + file, "an ETag", etag);
        boolean redirected = response.statusCode() >= 300;
        String size = headers.firstValue("X-Linked-Size")
                .or(() -> redirected ? Optional.empty() : headers.firstValue("Content-Length"))
                .orElse("");
        return new Download.File(file, uri, etag, size.matches("[0-9]{1,18}") ? Long.parseLong(size) : -1);
    }

    private static HubException strange(String what, String expected, String got) {
        String shown = got.length() <= 80 ? got : got.substring(0, 77) + "...";
        return new HubException(what + ": expected " + expected + " of the hub, got \""
                + shown.replaceAll("\\P{Print}", "?") + "\"; is HF_ENDPOINT right?");
    }

    private static void check(String name, String revision) {
        if (!isName(name))
            throw new HubException(
                    "hub: expected a model's name such as bert-base-uncased or org/name, got \"" + name + "\"");
        boolean plain = revision.matches("\\w[\\w./-]{0,199}") && !revision.contains("..") && !revision.endsWith("/");
        if (!plain)
            throw new HubException(
                    name + ": expected a branch, a tag or a commit as revision, got \"" + revision + "\"");
    }

    /// A file must lie in the snapshot, on every system.
    private static void checkPath(String name, String file) {
        boolean inside = file.chars().noneMatch(c -> c == '\\' || c == ':' || c < ' ')
                && List.of(file.split("/", -1)).stream()
                        .noneMatch(part -> part.isEmpty() || part.equals(".") || part.equals(".."));
        if (!inside) throw strange(name, "files inside of the model", file);
    }

    private HubException broken(String name, IOException e) {
        return new HubException(
                name + ": the cache " + settings.cache() + " cannot be used (" + HubClient.reason(e)
                        + "); make room or set HF_HUB_CACHE to a folder where you may write",
                e);
    }
}
