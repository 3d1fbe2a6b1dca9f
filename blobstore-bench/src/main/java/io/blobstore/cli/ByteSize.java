package io.blobstore.cli;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A number of bytes in human-readable form: {@code 4096}, {@code 4KiB}, {@code 16M}. Units are binary; {@code MB},
 * which is ambiguous, is refused.
 *
 * @param bytes the number, 0 or more
 */
record ByteSize(long bytes) {
    private static final Pattern SYNTAX = Pattern.compile("([0-9]+)(?:([KMGT])(?:IB)?)?");
    private static final String UNITS = "KMGT";

    /**
     * Parses a size.
     *
     * @throws IllegalArgumentException if the text is not a size, or more than 2^63 - 1 bytes
     */
    static ByteSize parse(String text) {
        Matcher size = SYNTAX.matcher(text.toUpperCase(Locale.ROOT));
        if (!size.matches()) {
            throw new IllegalArgumentException("'" + text
                    + "' is not a size: write a number of bytes, or use a unit KiB, MiB, GiB or TiB, as in 16MiB");
        }
        int shift = size.group(2) == null ? 0 : 10 * (UNITS.indexOf(size.group(2)) + 1);
        try {
            return new ByteSize(Math.multiplyExact(Long.parseLong(size.group(1)), 1L << shift));
        } catch (ArithmeticException | NumberFormatException e) {
            throw new IllegalArgumentException("'" + text + "' is too large: the maximum is 2^63 - 1 bytes", e);
        }
    }

    /** Formats a number of bytes in the largest fitting unit: {@code 1.5 GiB}. */
    static String text(long bytes) {
        double value = (double) bytes;
        int unit = -1;
        while (value >= 1024 && unit < UNITS.length() - 1) {
            value /= 1024;
            unit++;
        }
        return unit < 0
                ? String.format(Locale.ROOT, "%.0f bytes", value)
                : String.format(Locale.ROOT, "%.1f %siB", value, UNITS.charAt(unit));
    }

    /** Formats a number of bytes rounded and exactly: {@code 1.5 GiB (1610612736 bytes)}. */
    static String exactText(long bytes) {
        return bytes < 1024 ? text(bytes) : text(bytes) + " (" + bytes + " bytes)";
    }

    @Override
    public String toString() {
        return text(bytes);
    }

    /** Converts option values for picocli. */
    static final class Converter implements ITypeConverter<ByteSize> {
        @Override
        public ByteSize convert(String text) {
            try {
                return parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }
}
