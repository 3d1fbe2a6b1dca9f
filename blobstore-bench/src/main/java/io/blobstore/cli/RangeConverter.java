package io.blobstore.cli;

import io.blobstore.ByteRange;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Converts option values to ranges: {@code 10MiB-20MiB}, {@code 4096-}. */
final class RangeConverter implements ITypeConverter<ByteRange> {
    private static final Pattern SYNTAX = Pattern.compile("([^-]+)-([^-]*)");

    @Override
    public ByteRange convert(String text) {
        Matcher range = SYNTAX.matcher(text);
        if (!range.matches()) {
            throw new TypeConversionException(
                    "'" + text + "' is not a range: write its start and end, as in 10MiB-20MiB or 1GiB-");
        }
        try {
            long from = ByteSize.parse(range.group(1)).bytes();
            if (range.group(2).isEmpty()) {
                return ByteRange.from(from);
            }
            long to = ByteSize.parse(range.group(2)).bytes();
            if (to < from) {
                throw new TypeConversionException("'" + text + "' ends before it begins");
            }
            return ByteRange.of(from, to - from);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }
}
