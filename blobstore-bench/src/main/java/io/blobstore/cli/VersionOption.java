package io.blobstore.cli;

import io.blobstore.BlobVersion;
import io.blobstore.ReadOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The option with the version of a blob that is read. */
final class VersionOption {
    @Option(
            names = "--if-match",
            paramLabel = "VERSION",
            converter = Converter.class,
            description = "Read only this version of the blob, as 'stat' prints it; fail otherwise.")
    @Nullable BlobVersion ifMatch;

    ReadOptions options() {
        return ifMatch == null ? ReadOptions.DEFAULT : ReadOptions.ifMatch(ifMatch);
    }

    /** Converts option values for picocli. */
    static final class Converter implements ITypeConverter<BlobVersion> {
        @Override
        public BlobVersion convert(String text) {
            try {
                return new BlobVersion(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }
}
