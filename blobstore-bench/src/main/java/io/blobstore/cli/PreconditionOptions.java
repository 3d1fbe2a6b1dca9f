package io.blobstore.cli;

import io.blobstore.BlobVersion;
import io.blobstore.Precondition;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** The options with the condition under which a blob is stored. */
final class PreconditionOptions {
    @ArgGroup(exclusive = true)
    Choice choice = new Choice();

    /** One of two. */
    static final class Choice {
        @Option(names = "--if-absent", description = "Fail if a blob of this name exists, instead of replacing it.")
        boolean ifAbsent;

        @Option(
                names = "--if-match",
                paramLabel = "VERSION",
                converter = VersionOption.Converter.class,
                description = "Replace only this version of the blob, as 'stat' prints it; fail otherwise.")
        @Nullable BlobVersion ifMatch;
    }

    Precondition precondition() {
        if (choice.ifMatch != null) {
            return Precondition.ifMatch(choice.ifMatch);
        }
        return choice.ifAbsent ? Precondition.ifAbsent() : Precondition.none();
    }
}
