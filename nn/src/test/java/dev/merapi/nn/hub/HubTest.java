package dev.merapi.nn.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.nn.hub.FakeServer.Response;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Against a local server that plays the hub, and another that plays its storage.
class HubTest {
    private static final String SECRET = "hf_secret";
    private static final Set<String> NEEDED =
            Set.of("1_Pooling/config.json", "config.json", "model.safetensors", "vocab.txt");

    @TempDir
    Path cache;

    private FakeHub fake;

    @BeforeEach
    void start() {
        fake = new FakeHub();
    }

    @AfterEach
    void stop() {
        fake.close();
    }

    private Hub hub(boolean offline, boolean links) {
        return new Hub(
                new HubSettings(URI.create(fake.hub.address()), cache, SECRET, offline, links, Duration.ofMillis(1500)),
                Duration.ofMillis(1));
    }

    private Hub hub() {
        return hub(false, true);
    }

    private Path model() {
        return cache.resolve("models--org--name");
    }

    private Path blob(String file) {
        return model().resolve("blobs").resolve(FakeHub.etag(fake.files.get(file)));
    }

    private static Set<String> files(Path folder) throws IOException {
        try (Stream<Path> tree = Files.walk(folder)) {
            return new TreeSet<>(tree.filter(f -> !Files.isDirectory(f))
                    .map(f -> folder.relativize(f).toString())
                    .toList());
        }
    }

    private void assertComplete(Path snapshot) throws IOException {
        assertEquals(NEEDED, files(snapshot));
        for (String file : NEEDED)
            assertArrayEquals(fake.files.get(file), Files.readAllBytes(snapshot.resolve(file)), file);
        try (Stream<Path> blobs = Files.list(model().resolve("blobs"))) {
            assertEquals(
                    0, blobs.filter(b -> b.toString().endsWith(".incomplete")).count());
        }
    }

    private String refusal(Hub hub) {
        return assertThrows(HubException.class, () -> hub.snapshot("org/name", "main"))
                .getMessage();
    }

    @Test
    void whatAModelNeedsIsBroughtInTheLayoutOfThePythonLibrary() throws IOException {
        Map<String, Long> totals = new ConcurrentHashMap<>();
        Path snapshot = hub().snapshot("org/name", "main", (file, bytes, total) -> totals.put(file, total));
        assertEquals(model().resolve("snapshots").resolve(FakeHub.COMMIT), snapshot);
        assertComplete(snapshot);
        assertEquals(FakeHub.COMMIT, Files.readString(model().resolve("refs/main")));
        String etag = FakeHub.etag(fake.files.get("model.safetensors"));
        assertEquals(Path.of("../../blobs/" + etag), Files.readSymbolicLink(snapshot.resolve("model.safetensors")));
        String small = FakeHub.etag(fake.files.get("1_Pooling/config.json"));
        assertEquals(
                Path.of("../../../blobs/" + small), Files.readSymbolicLink(snapshot.resolve("1_Pooling/config.json")));
        assertTrue(Files.exists(cache.resolve(".locks/models--org--name").resolve(etag + ".lock")));
        assertEquals(300_000, totals.get("model.safetensors"));
        assertEquals(0, fake.storage.count("GET", "pytorch_model.bin"));
    }

    @Test
    void theTokenGoesToTheHubAndToNoOtherHost() {
        hub().snapshot("org/name", "main");
        assertTrue(fake.hub.requests.size() > 4);
        for (var request : fake.hub.requests)
            assertEquals("Bearer " + SECRET, request.headers().get("authorization"));
        assertEquals(1, fake.storage.requests.size());
        for (var request : fake.storage.requests) assertNull(request.headers().get("authorization"));
        assertFalse(hub().settings().toString().contains(SECRET));
    }

    @Test
    void whatIsThereIsNotAskedForAgain() throws IOException {
        hub().snapshot("org/name", "main");
        int before = fake.hub.requests.size();
        assertComplete(hub().snapshot("org/name", "main"));
        assertEquals(before + 1, fake.hub.requests.size(), "one question: where does main point to?");
        assertComplete(hub().model("org/name", (file, bytes, total) -> {}));
        assertEquals(before + 1, fake.hub.requests.size());
    }

    @Test
    void aBranchThatMovedBringsOnlyWhatChanged() throws IOException {
        Path first = hub().snapshot("org/name", "main");
        fake.commit = FakeHub.COMMIT.replace('0', 'f');
        fake.files.put("config.json", FakeHub.bytes(25, 9));
        Path second = hub().snapshot("org/name", "main");
        assertEquals(fake.commit, Files.readString(model().resolve("refs/main")));
        assertComplete(second);
        assertEquals(1, fake.storage.requests.size(), "the weights are the same blob");
        assertEquals(20, Files.size(first.resolve("config.json")));
        assertEquals(first, hub().snapshot("org/name", "main").resolveSibling(FakeHub.COMMIT));
    }

    @Test
    void aRevisionIsABranchATagOrACommit() throws IOException {
        hub().snapshot("org/name", "refs/pr/1");
        assertEquals(FakeHub.COMMIT, Files.readString(model().resolve("refs/refs/pr/1")));
        assertEquals(1, fake.hub.count("GET", "/revision/refs%2Fpr%2F1"));
        hub().snapshot("org/name", FakeHub.COMMIT);
        assertFalse(Files.exists(model().resolve("refs").resolve(FakeHub.COMMIT)));
        assertEquals(
                FakeHub.COMMIT,
                hub(true, true)
                        .cached("org/name", FakeHub.COMMIT)
                        .orElseThrow()
                        .getFileName()
                        .toString());
    }

    @Test
    void aTruncatedBodyIsContinued() throws IOException {
        fake.damage = r -> new Response(r.status(), r.headers(), r.body(), Math.min(r.body().length, 70_000), 0);
        assertComplete(hub().snapshot("org/name", "main"));
        List<String> ranges = fake.storage.requests.stream()
                .map(r -> r.headers().getOrDefault("range", ""))
                .toList();
        assertEquals("", ranges.getFirst());
        assertTrue(
                ranges.size() >= 5 && ranges.stream().skip(1).allMatch(r -> r.startsWith("bytes=")), ranges.toString());
    }

    @Test
    void aDownloadThatWasKilledIsContinuedByTheNextOne() throws IOException {
        byte[] content = fake.files.get("model.safetensors");
        Path partial = blob("model.safetensors").resolveSibling(FakeHub.etag(content) + ".incomplete");
        Files.createDirectories(partial.getParent());
        Files.write(partial, java.util.Arrays.copyOf(content, 123_456));
        assertComplete(hub().snapshot("org/name", "main"));
        assertEquals("bytes=123456-", fake.storage.requests.getFirst().headers().get("range"));
    }

    @Test
    void aRangeAnsweredByTheWholeFileStartsAgain() throws IOException {
        byte[] content = fake.files.get("model.safetensors");
        Path partial = blob("model.safetensors").resolveSibling(FakeHub.etag(content) + ".incomplete");
        Files.createDirectories(partial.getParent());
        Files.write(partial, new byte[1000]);
        fake.storage.handler(r -> new Response(200, Map.of(), content));
        assertComplete(hub().snapshot("org/name", "main"));
        assertEquals("bytes=1000-", fake.storage.requests.getFirst().headers().get("range"));
    }

    @Test
    void aWrongPartAndAPartThatIsTooLongAreDropped() throws IOException {
        byte[] content = fake.files.get("model.safetensors");
        Path partial = blob("model.safetensors").resolveSibling(FakeHub.etag(content) + ".incomplete");
        Files.createDirectories(partial.getParent());
        for (int size : new int[] {1000, 300_000, 400_000}) { // of zeros: the rest fits, the checksum does not
            Files.write(partial, new byte[size]);
            assertComplete(hub().snapshot("org/name", "main"));
            try (Stream<Path> tree = Files.walk(model().resolve("snapshots"))) {
                for (Path path :
                        tree.sorted(java.util.Comparator.reverseOrder()).toList()) Files.delete(path);
            }
            Files.delete(blob("model.safetensors"));
        }
    }

    @Test
    void aRangeThatCannotBeSatisfiedStartsAgain() throws IOException {
        byte[] content = fake.files.get("model.safetensors");
        Path partial = blob("model.safetensors").resolveSibling(FakeHub.etag(content) + ".incomplete");
        Files.createDirectories(partial.getParent());
        Files.write(partial, new byte[1000]);
        fake.storage.handler(
                r -> r.headers().containsKey("range") ? Response.error(416) : new Response(200, Map.of(), content));
        assertComplete(hub().snapshot("org/name", "main"));
    }

    @Test
    void corruptionOfTheSameSizeIsNoticed() throws IOException {
        fake.damage = r -> {
            byte[] body = r.body().clone();
            body[body.length / 2] ^= 1;
            return new Response(r.status(), r.headers(), body);
        };
        String etag = FakeHub.etag(fake.files.get("model.safetensors"));
        String message = refusal(hub());
        assertTrue(message.startsWith("org/name model.safetensors: expected the SHA-256 " + etag + ", got "), message);
        assertTrue(message.endsWith("; the download was damaged on its way, try again later"), message);
        assertFalse(Files.exists(blob("model.safetensors")));
        assertFalse(Files.exists(model().resolve("refs/main")), "no ref to what is not complete");
        AtomicInteger answers = new AtomicInteger();
        var damaging = fake.damage;
        fake.damage = r -> answers.getAndIncrement() == 0 ? damaging.apply(r) : r;
        assertComplete(hub().snapshot("org/name", "main"));
    }

    @Test
    void corruptionOfASmallFileIsNoticed() {
        fake.hub.handler(r -> {
            Response answer = fake.answer(r);
            if (!r.path().endsWith("vocab.txt") || r.method().equals("HEAD")) return answer;
            return new Response(200, answer.headers(), new byte[900]);
        });
        String message = refusal(hub());
        assertTrue(message.startsWith("org/name vocab.txt: expected the SHA-1 "), message);
    }

    @Test
    void whatMayPassIsTriedAgain() throws IOException {
        for (int status : new int[] {429, 500, 502, 503, 504, 408}) {
            AtomicInteger requests = new AtomicInteger();
            fake.hub.handler(r ->
                    requests.getAndIncrement() % 2 == 0 ? Response.error(status, "Retry-After", "0") : fake.answer(r));
            assertComplete(hub().snapshot("org/name", "main"));
        }
        stop();
        start();
        fake.hub.handler(r -> Response.error(503));
        deleteRefs();
        assertEquals(
                "org/name: expected an answer of " + fake.hub.address() + ", got 503 5 times; try again later",
                refusal(hub()));
        assertEquals(5, fake.hub.requests.size());
    }

    private void deleteRefs() throws IOException {
        Files.deleteIfExists(model().resolve("refs/main"));
    }

    @Test
    void refusalsAreSaidWithARemedyAndNotTriedAgain() {
        fake.hub.handler(r -> Response.error(401));
        assertEquals(
                "org/name: expected a model that may be read, got 401; check its name, and whether your token may read"
                        + " it",
                refusal(hub()));
        fake.hub.handler(r -> Response.error(403, "X-Error-Code", "GatedRepo"));
        assertEquals(
                "org/name: expected a model that may be read, got one that is gated (403); accept its terms on "
                        + fake.hub.address() + " and set HF_TOKEN to your token",
                refusal(hub()));
        fake.hub.handler(r -> Response.error(404, "X-Error-Code", "RepoNotFound"));
        assertEquals("org/name: there is no such model on " + fake.hub.address() + "; check its name", refusal(hub()));
        fake.hub.handler(r -> Response.error(404, "X-Error-Code", "RevisionNotFound"));
        assertEquals(
                "org/name v9: there is no such revision; name a branch, a tag or a commit",
                assertThrows(HubException.class, () -> hub().snapshot("org/name", "v9"))
                        .getMessage());
        assertEquals(4, fake.hub.requests.size());
    }

    @Test
    void aSilentServerIsGivenUpAndWhatCameIsKept() throws IOException {
        AtomicInteger answers = new AtomicInteger();
        fake.damage = r ->
                answers.getAndIncrement() == 0 ? new Response(r.status(), r.headers(), r.body(), 100_000, 60_000) : r;
        assertComplete(hub().snapshot("org/name", "main"));
        assertEquals("bytes=100000-", fake.storage.requests.get(1).headers().get("range"));
    }

    @Test
    void aRenamedModelIsFollowedOnTheSameHost() throws IOException {
        fake.hub.handler(r -> r.path().startsWith("/new") || r.path().startsWith("/api/models/new")
                ? fake.answer(
                        new FakeServer.Request(r.method(), r.path().replace("/new/name/", "/org/name/"), r.headers()))
                : Response.error(307, "Location", r.path().replace("/org/name/", "/new/name/")));
        assertComplete(hub().snapshot("org/name", "main"));
        assertTrue(fake.hub.count("GET", "/api/models/new/name/revision/main") == 1);
    }

    @Test
    void aRedirectInACircleEnds() {
        fake.hub.handler(r -> Response.error(302, "Location", r.path()));
        assertEquals("org/name: expected the file, got more than 10 redirects; try again later", refusal(hub()));
    }

    @Test
    void offlineNothingIsAskedFor() throws IOException {
        assertEquals(
                "org/name: expected the revision main in the cache " + cache
                        + " while offline, got none; unset HF_HUB_OFFLINE to download it",
                refusal(hub(true, true)));
        Path snapshot = hub().snapshot("org/name", "main");
        int before = fake.hub.requests.size();
        assertEquals(snapshot, hub(true, true).snapshot("org/name", "main"));
        assertEquals(before, fake.hub.requests.size());
    }

    @Test
    void withoutAnAnswerTheCacheWillDo() {
        Path snapshot = hub().snapshot("org/name", "main");
        Hub hub = hub();
        fake.hub.close();
        assertEquals(snapshot, hub.snapshot("org/name", "main"));
        String message = assertThrows(HubException.class, () -> hub.snapshot("org/other", "main"))
                .getMessage();
        assertTrue(
                message.startsWith("org/other: expected an answer of " + fake.hub.address() + ", got none ("), message);
        assertTrue(
                message.endsWith("; check the network, or set HF_HUB_OFFLINE=1 to use what is in the cache"), message);
    }

    /// As AutoModel of Python's transformers leaves it: config and weights, and a note of what is not there.
    private Path python(String... files) throws IOException {
        Path snapshot = model().resolve("snapshots").resolve(FakeHub.COMMIT);
        Files.createDirectories(snapshot);
        Files.createDirectories(model().resolve("blobs"));
        Files.createDirectories(model().resolve("refs"));
        Files.writeString(model().resolve("refs/main"), FakeHub.COMMIT);
        for (String file : files) {
            Files.write(blob(file), fake.files.get(file));
            Files.createSymbolicLink(
                    snapshot.resolve(file),
                    Path.of("../../blobs").resolve(blob(file).getFileName()));
        }
        return snapshot;
    }

    @Test
    void whatPythonLeftOutIsBroughtOnce() throws IOException {
        Path snapshot = python("config.json", "model.safetensors");
        assertEquals(snapshot, hub(true, true).model("org/name", (file, bytes, total) -> {}));
        assertEquals(0, fake.hub.requests.size(), "offline");
        for (int i = 0; i < 2; i++) {
            assertEquals(snapshot, hub().model("org/name", (file, bytes, total) -> {}));
            assertComplete(snapshot);
            assertEquals(1, fake.hub.count("GET", "/revision/" + FakeHub.COMMIT), "the commit of the cache, not main");
            assertEquals(0, fake.storage.requests.size(), "the weights were there");
        }
        for (String file : new String[] {"tokenizer.json", "modules.json"})
            assertTrue(Files.exists(
                    model().resolve(".no_exist").resolve(FakeHub.COMMIT).resolve(file)));
    }

    @Test
    void aCacheOfPythonWillDoWhereTheHubRefuses() throws IOException {
        Path snapshot = python("config.json", "model.safetensors");
        for (int status : new int[] {401, 404, 503}) {
            fake.hub.handler(r -> Response.error(status));
            assertEquals(snapshot, hub().model("org/name", (file, bytes, total) -> {}));
        }
    }

    @Test
    void aModelWithoutOneOfItsShardsIsCompleted() throws IOException {
        fake.files.remove("model.safetensors");
        fake.files.remove("pytorch_model.bin");
        String first = "model-00001-of-00002.safetensors", second = "model-00002-of-00002.safetensors";
        fake.files.put(first, FakeHub.bytes(2000, 8));
        fake.files.put(second, FakeHub.bytes(3000, 9));
        fake.files.put(
                "model.safetensors.index.json",
                ("{\"weight_map\": {\"a\": \"" + first + "\", \"b\": \"" + second + "\"}}")
                        .getBytes(java.nio.charset.StandardCharsets.UTF_8));
        fake.files.put("tokenizer.json", FakeHub.bytes(10, 10));
        fake.files.put("modules.json", FakeHub.bytes(11, 11));
        Path snapshot = python("config.json", "model.safetensors.index.json", first, "tokenizer.json", "modules.json");
        assertEquals(snapshot, hub().model("org/name", (file, bytes, total) -> {}));
        assertArrayEquals(fake.files.get(second), Files.readAllBytes(snapshot.resolve(second)));
        assertEquals(1, fake.storage.requests.size());
    }

    @Test
    void withoutLinksFilesAreCopied() throws IOException {
        Path snapshot = hub(false, false).snapshot("org/name", "main");
        assertComplete(snapshot);
        assertFalse(Files.isSymbolicLink(snapshot.resolve("config.json")));
    }

    @Test
    void aLinkIntoNothingIsMended() throws IOException {
        Path snapshot = hub().snapshot("org/name", "main");
        Files.delete(blob("model.safetensors"));
        assertComplete(hub().snapshot("org/name", "main"));
        assertEquals(2, fake.storage.requests.size());
        assertTrue(Files.isSymbolicLink(snapshot.resolve("model.safetensors")));
    }

    @Test
    void manyThreadsAndHubsBringAModelOnce() throws Exception {
        try (var pool = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<Path>> tasks = new ArrayList<>();
            for (int i = 0; i < 12; i++) tasks.add(() -> hub().snapshot("org/name", "main"));
            for (Future<Path> result : pool.invokeAll(tasks)) assertComplete(result.get());
        }
        assertEquals(1, fake.storage.requests.size());
    }

    @Test
    void namesThatLeadOutsideAreRefused() throws IOException {
        for (String file : new String[] {"../evil.json", "a\\..\\evil.json", "C:evil.json", "1_Pooling/.."}) {
            fake.files.put(file, FakeHub.bytes(9, 9));
            boolean asked = ModelFiles.of(List.copyOf(fake.files.keySet())).contains(file);
            if (asked)
                assertEquals(
                        "org/name: expected files inside of the model of the hub, got \"" + file
                                + "\"; is HF_ENDPOINT right?",
                        refusal(hub()));
            else assertFalse(files(hub().snapshot("org/name", "main")).contains("evil.json"));
            fake.files.remove(file);
        }
        try (Stream<Path> tree = Files.walk(cache)) {
            assertEquals(0, tree.filter(f -> f.toString().contains("evil")).count());
        }
        for (String name : new String[] {"../x", "a/b/c", "", "a//b", ".hidden", "a--b", "a b", "/x"})
            assertEquals(
                    "hub: expected a model's name such as bert-base-uncased or org/name, got \"" + name + "\"",
                    assertThrows(HubException.class, () -> hub().snapshot(name, "main"))
                            .getMessage());
        for (String revision : new String[] {"..", "a/../b", "", "/x", "x/", "a b"})
            assertEquals(
                    "org/name: expected a branch, a tag or a commit as revision, got \"" + revision + "\"",
                    assertThrows(HubException.class, () -> hub().snapshot("org/name", revision))
                            .getMessage());
    }

    @Test
    void answersThatCannotBeAreRefused() {
        fake.hub.handler(r -> new Response(200, Map.of(), "<html>".getBytes(java.nio.charset.StandardCharsets.UTF_8)));
        String message = refusal(hub());
        assertTrue(
                message.startsWith("org/name: expected the hub's description of a model, got something else ("),
                message);
        fake.hub.handler(r ->
                new Response(200, Map.of(), "{\"sha\": \"../x\"}".getBytes(java.nio.charset.StandardCharsets.UTF_8)));
        assertEquals(
                "org/name: expected a commit of 40 hexadecimal digits of the hub, got \"../x\"; is HF_ENDPOINT right?",
                refusal(hub()));
        fake.hub.handler(r -> {
            Response answer = fake.answer(r);
            if (!r.method().equals("HEAD")) return answer;
            return Response.error(200, "ETag", "../../x", "Content-Length", "5");
        });
        assertTrue(refusal(hub()).endsWith(": expected an ETag of the hub, got \"../../x\"; is HF_ENDPOINT right?"));
    }
}
