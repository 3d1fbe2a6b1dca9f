package io.blobstore.cli;

import io.blobstore.BlobKey;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Converts option values to keys. */
final class KeyConverter implements ITypeConverter<BlobKey> {
    @Override
    public BlobKey convert(String name) {
        try {
            return BlobKey.of(name);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }
}
