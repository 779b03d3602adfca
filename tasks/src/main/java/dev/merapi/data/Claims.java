package dev.merapi.data;

import java.nio.file.Path;
import java.util.List;

/// Reads claims with evidence: `{id: {claim_text, claim_label, evidences: [passage id…]}}` and `{passage id: passage}`.
///
/// Each cited passage makes one example, (claim, passage) with the claim's label, in the order of the file; its id is `claim/passage`. Claims labelled
/// DISPUTED are left out: their passages contradict each other.
public final class Claims {
    /// The labels in the order of the model's outputs.
    public static final List<String> LABELS = List.of("REFUTES", "NOT_ENOUGH_INFO", "SUPPORTS");

    private Claims() {}

    /// @param claims file of claims, all of them labelled or none
    /// @param evidence file of passages
    public static Dataset read(Path claims, Path evidence) {
        throw new UnsupportedOperationException();
    }
}
