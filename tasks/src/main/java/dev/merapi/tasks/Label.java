package dev.merapi.tasks;

/// A label and how probable the model finds it.
///
/// @param name of the label
/// @param probability in [0, 1]
public record Label(String name, float probability) {
    @Override
    public String toString() {
        return String.format(java.util.Locale.ROOT, "%s %.2f", name, probability);
    }
}
