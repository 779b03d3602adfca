package dev.merapi.tokenizer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/// Turns text into the token ids that a pretrained model was trained on, exactly as Hugging Face's tokenizers
/// does, and ids into text again. Immutable; one instance serves all threads.
///
///     Tokenizer tokenizer = Tokenizer.fromPretrained(Path.of("bert-base-uncased"));
///     Encoding e = tokenizer.encode("a claim", "its evidence", EncodeOptions.maxLength(512));
///     int[] ids = e.ids();                                  // [101, 1037, 4366, 102, 2049, 3350, 102]
///     String text = tokenizer.decode(ids, true);            // "a claim its evidence"
///
/// A `tokenizer.json` is taken at its word, also where transformers would rebuild BERT's tokenizer from the
/// settings beside it. The rules are those of tokenizers 0.23, but for these, where it errs or leaves the
/// choice to chance:
///
/// - Overflowing windows reach to the end of the text; it stops soon after the first, and loses the rest.
/// - Word ids count from the start of the text also when the left side is truncated.
/// - Ids that no token has are an error when decoding; it leaves them out.
/// - An added token whose id in the file is not the one it will get is an error; it changes the id.
/// - Where two added tokens become equal by normalization, the first counts; it takes either.
/// - Decoding leaves out every special token if asked to; it keeps those that normalization changes.
/// - With [Truncation#ONLY_FIRST], a second text that is too long beside an empty first one is an error; it is
///   cut.
public final class Tokenizer {
    private final Pipeline pipeline;
    private final TokenizerConfig config;
    private final Map<SpecialToken, AddedToken> special;
    private final Lengths lengths;
    private final TokenizerFiles files;
    private final Encoder encoder;

    Tokenizer(
            Pipeline pipeline,
            TokenizerConfig config,
            Map<SpecialToken, AddedToken> special,
            Lengths lengths,
            TokenizerFiles files) {
        this.pipeline = pipeline;
        this.config = config;
        this.special = Map.copyOf(special);
        this.lengths = lengths.orElse(Lengths.DEFAULT);
        this.files = files;
        this.encoder = new Encoder(pipeline, this.lengths.truncationSide());
    }

    /// Loads the tokenizer of a model's folder: `tokenizer.json`, else a SentencePiece model, else `vocab.json`
    /// with `merges.txt`, else `vocab.txt` (BERT's WordPiece), each with `tokenizer_config.json`,
    /// `special_tokens_map.json` and `added_tokens.json` where they are.
    ///
    /// @throws TokenizerException if the folder or a file is missing, damaged, or of a kind that is not
    ///     supported
    public static Tokenizer fromPretrained(Path folder) {
        return Loader.load(TokenizerFiles.read(folder));
    }

    /// Loads a tokenizer from the text of a `tokenizer.json`, a resource for example. The stream is read to its
    /// end and left open.
    public static Tokenizer fromJson(InputStream tokenizerJson) {
        TokenizerFiles json = new TokenizerFiles(Map.of(TokenizerFiles.TOKENIZER, readAll(tokenizerJson)));
        // Saved beside it, so that transformers too goes by the tokenizer.json and not by what it thinks BERT is.
        Tokenizer loaded = Loader.load(json);
        byte[] settings = TokenizerConfig.describe("PreTrainedTokenizerFast", loaded.special);
        TokenizerFiles files = new TokenizerFiles(
                Map.of(TokenizerFiles.TOKENIZER, json.bytes(TokenizerFiles.TOKENIZER), TokenizerConfig.FILE, settings));
        return new Tokenizer(loaded.pipeline, loaded.config, loaded.special, loaded.lengths, files);
    }

    /// Loads a tokenizer from the texts of a `tokenizer.json` and a `tokenizer_config.json`.
    public static Tokenizer fromJson(InputStream tokenizerJson, InputStream tokenizerConfig) {
        return Loader.load(new TokenizerFiles(Map.of(
                TokenizerFiles.TOKENIZER, readAll(tokenizerJson), TokenizerConfig.FILE, readAll(tokenizerConfig))));
    }

    private static byte[] readAll(InputStream in) {
        try {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new TokenizerException("fromJson: the stream cannot be read, " + e, e);
        }
    }

    /// Writes the files that this tokenizer was loaded from into a folder, byte for byte.
    public void save(Path folder) {
        files.write(folder);
    }

    /// Encodes a text, whole, with special tokens.
    public Encoding encode(String text) {
        return encode(text, null, EncodeOptions.DEFAULT);
    }

    public Encoding encode(String text, EncodeOptions options) {
        return encode(text, null, options);
    }

    /// Encodes a pair of texts, whole, with special tokens.
    public Encoding encode(String text, String pair) {
        return encode(text, pair, EncodeOptions.DEFAULT);
    }

    /// Encodes a text, or a pair of texts if `pair` is not null.
    ///
    /// @throws TokenizerException if a text is not Unicode (a lone surrogate), or if the options cannot be met
    public Encoding encode(String text, String pair, EncodeOptions options) {
        return encoder.encode(text, pair, options);
    }

    /// Encodes many texts on all cores; the result is that of [#encode(String, EncodeOptions)] on each, in
    /// order.
    public List<Encoding> encodeBatch(List<String> texts, EncodeOptions options) {
        return encodeBatch(texts, null, options);
    }

    /// Encodes many pairs on all cores: the i-th text with the i-th of `pairs`.
    public List<Encoding> encodeBatch(List<String> texts, List<String> pairs, EncodeOptions options) {
        if (pairs != null && pairs.size() != texts.size()) {
            throw new TokenizerException(
                    "encodeBatch: " + texts.size() + " texts but " + pairs.size() + " pairs; give one for each");
        }
        return encoder.encodeBatch(texts, pairs, options);
    }

    /// Makes encodings equally long with the padding token; with windows, each of which counts as the encodings
    /// do.
    ///
    /// @throws TokenizerException if this tokenizer has no padding token
    public List<Encoding> pad(List<Encoding> encodings, Padding padding) {
        AddedToken token = special.get(SpecialToken.PAD);
        int id = padId();
        Side side = padding.side() != null ? padding.side() : lengths.paddingSide();
        int longest = encodings.stream()
                .flatMap(encoding -> Stream.concat(Stream.of(encoding), encoding.overflowing().stream()))
                .mapToInt(Encoding::length)
                .max()
                .orElse(0);
        int target = padding.target(longest);
        return encodings.stream()
                .map(encoding -> encoding.pad(target, side, id, lengths.padTypeId(), token.content()))
                .toList();
    }

    /// What the section `truncation` of the `tokenizer.json` asks for, windows of what is cut included;
    /// [EncodeOptions#DEFAULT] where there is none. Nothing is cut that way unless a caller hands it to
    /// [#encode(String, EncodeOptions)], as with transformers.
    public EncodeOptions savedTruncation() {
        return lengths.truncation();
    }

    /// What the section `padding` of the `tokenizer.json` asks for, if there is one; for [#pad].
    ///
    /// @throws TokenizerException if it pads with an id that is not that of its padding token
    public Optional<Padding> savedPadding() {
        if (lengths.padding() != null && lengths.padId() != padId()) {
            throw new TokenizerException(TokenizerFiles.TOKENIZER + ": padding: \"pad_id\" must be " + padId()
                    + ", the id of \"" + special.get(SpecialToken.PAD).content() + "\", got " + lengths.padId()
                    + "; correct the file");
        }
        return Optional.ofNullable(lengths.padding());
    }

    /// Encodes the lines of a UTF-8 file on all cores, in their order. The file may be larger than memory: only
    /// some lines ahead of those taken are held. An error names its line. Close the stream.
    ///
    ///     try (Stream<Encoding> lines = tokenizer.encodeLines(file, EncodeOptions.maxLength(512))) {
    ///         lines.forEach(line -> write(line.ids()));
    ///     }
    public Stream<Encoding> encodeLines(Path file, EncodeOptions options) {
        try {
            return encodeLines(Files.newBufferedReader(file), options);
        } catch (IOException e) {
            throw new TokenizerException(
                    "encodeLines: " + file + " cannot be read, " + e + "; expected a readable file of UTF-8 text", e);
        }
    }

    /// Encodes the lines that a reader gives, as [#encodeLines(Path, EncodeOptions)] does; closing the stream
    /// closes the reader.
    public Stream<Encoding> encodeLines(Reader reader, EncodeOptions options) {
        BufferedReader lines = reader instanceof BufferedReader buffered ? buffered : new BufferedReader(reader);
        return LineStream.of(lines, () -> encoder.worker(options));
    }

    /// Makes text of ids. With `skipSpecialTokens` the tokens marked as special are left out.
    ///
    /// @throws TokenizerException if no token has one of the ids
    public String decode(int[] ids, boolean skipSpecialTokens) {
        List<String> tokens = new ArrayList<>(ids.length);
        for (int id : ids) {
            if (!skipSpecialTokens || !pipeline.addedTokens().isSpecial(id)) {
                tokens.add(idToToken(id));
            }
        }
        String text = pipeline.decoder() == null
                ? String.join(" ", tokens)
                : String.join("", pipeline.decoder().decode(tokens));
        return config.cleanUpSpaces() ? WordPieceDecoder.cleanSpaces(text) : text;
    }

    /// The words that the model gets to see: what normalizers and pre-tokenizers make of a text. Added tokens
    /// are not looked for. Vocabularies are learnt from these words ([dev.merapi.tokenizer.train]).
    public List<String> preTokenize(String text) {
        return pipeline.words(text);
    }

    /// How many tokens there are, those added to the model's vocabulary included.
    public int vocabularySize() {
        Vocabulary vocabulary = pipeline.model().vocabulary();
        return vocabulary.size() + pipeline.addedTokens().newOnes(vocabulary);
    }

    /// The id of a token, if there is such a token.
    public OptionalInt tokenToId(String token) {
        int id = pipeline.id(token);
        return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
    }

    /// @throws TokenizerException if no token has this id
    public String idToToken(int id) {
        String token = pipeline.token(id);
        if (token == null) {
            throw new TokenizerException("no token has id " + id + "; expected one of the vocabulary of "
                    + vocabularySize() + " tokens, from the tokenizer that made the ids");
        }
        return token;
    }

    /// The most tokens that the model takes, or [EncodeOptions#UNLIMITED] if the files do not say.
    public int modelMaxLength() {
        return config.modelMaxLength();
    }

    /// How many special tokens [#encode] adds to one text, or to a pair.
    public int addedTokens(boolean ofPair) {
        return pipeline.template().addedTokens(ofPair);
    }

    /// The id of the token that plays this part, if one does.
    public OptionalInt id(SpecialToken part) {
        AddedToken token = special.get(part);
        return token == null ? OptionalInt.empty() : tokenToId(token.content());
    }

    public int padId() {
        return require(SpecialToken.PAD);
    }

    public int unkId() {
        return require(SpecialToken.UNK);
    }

    public int clsId() {
        return require(SpecialToken.CLS);
    }

    public int sepId() {
        return require(SpecialToken.SEP);
    }

    public int maskId() {
        return require(SpecialToken.MASK);
    }

    private int require(SpecialToken part) {
        return id(part).orElseThrow(() -> new TokenizerException("this tokenizer has no " + part.key()
                + "; it has "
                + Arrays.toString(special.keySet().stream()
                        .sorted()
                        .map(SpecialToken::key)
                        .toArray())
                + "; name it in " + TokenizerConfig.FILE));
    }
}
