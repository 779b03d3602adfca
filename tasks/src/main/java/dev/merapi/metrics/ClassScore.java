package dev.merapi.metrics;

/// How well one class is found.
///
/// @param label the class
/// @param precision of the rows predicted as this class, the share that is of it; 0 where none was predicted
/// @param recall of the rows of this class, the share that was found; 0 where there is none
/// @param f1 the harmonic mean of both; 0 where both are 0
/// @param support how many rows are of this class
public record ClassScore(String label, double precision, double recall, double f1, long support) {}
