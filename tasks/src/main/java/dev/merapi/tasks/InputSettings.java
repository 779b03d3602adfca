package dev.merapi.tasks;

import dev.merapi.train.SettingsException;

/// How text becomes tokens; kept in the model's folder (`settings.json`), so that a model is used as it was trained.
///
/// @param maxLength longer inputs are truncated, the longer text of a pair first; 0 for as long as the model can read
/// @param normalizeText whether texts go through [dev.merapi.data.TextNormalization] first
public record InputSettings(int maxLength, boolean normalizeText) {
    /// The whole length of the model, texts as they are.
    public static final InputSettings DEFAULT = new InputSettings(0, false);

    public InputSettings {
        if (maxLength < 0) {
            throw new SettingsException("max-length: expected at least 1, or 0 for the model's own, got " + maxLength);
        }
    }
}
