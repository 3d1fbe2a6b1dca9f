package io.blobstore.cli;

import io.blobstore.transfer.UploadOptions;
import io.blobstore.zstd.CompressionOptions;
import io.blobstore.zstd.FrameFormat;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Stack;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IParameterPreprocessor;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** The options of an upload that compresses. */
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class CompressOptions {
    @Spec(Spec.Target.MIXEE)
    CommandSpec command;

    @Option(
            names = "--compress",
            arity = "0..1",
            preprocessor = LevelOnlyIfAttached.class,
            paramLabel = "LEVEL",
            description = "Store the content as zstd frames that can be read at any offset, compressed at this level, 1"
                    + " to 22; default 1. Other commands show the content of such blobs. Also a file for 'zstd -d'.")
    @Nullable Integer level;

    @Option(
            names = "--format",
            converter = FormatConverter.class,
            paramLabel = "FORMAT",
            description = "How the frames are arranged: seekable, the format of the zstd project (default), or"
                    + " casblob, that of bazel-remote.")
    @Nullable FrameFormat format;

    @Option(
            names = "--frame-size",
            converter = ByteSize.Converter.class,
            paramLabel = "SIZE",
            description = "The content of a frame, 64KiB to 64MiB; what a small read decodes. Default: 1MiB.")
    @Nullable ByteSize frameSize;

    /**
     * Builds the options of a compressing upload; empty if it does not compress.
     *
     * @throws ParameterException if a value is wrong, or is given without {@code --compress}
     */
    Optional<CompressionOptions> build(UploadOptions upload) {
        if (level == null) {
            if (format != null || frameSize != null) {
                throw wrongUsage((format != null ? "--format" : "--frame-size") + " needs --compress");
            }
            return Optional.empty();
        }
        CompressionOptions.Builder options =
                CompressionOptions.builder().level(level).upload(upload);
        if (format != null) {
            options.format(format);
        }
        if (frameSize != null) {
            if (frameSize.bytes() > Integer.MAX_VALUE) {
                throw wrongUsage("--frame-size: a frame has 64 MiB at most");
            }
            options.frameSize((int) frameSize.bytes());
        }
        try {
            return Optional.of(options.build());
        } catch (IllegalArgumentException e) {
            throw wrongUsage(String.valueOf(e.getMessage()));
        }
    }

    private ParameterException wrongUsage(String problem) {
        return new ParameterException(command.commandLine(), problem);
    }

    /**
     * Takes {@code --compress FILE} as the option without a level, and the file: picocli would take it as the level.
     */
    static final class LevelOnlyIfAttached implements IParameterPreprocessor {
        @Override
        public boolean preprocess(
                Stack<String> arguments, CommandSpec command, ArgSpec option, Map<String, Object> info) {
            if (!"=".equals(info.get("separator"))) {
                arguments.push("1");
            }
            return false;
        }
    }

    /** Converts option values to formats. */
    static final class FormatConverter implements ITypeConverter<FrameFormat> {
        @Override
        public FrameFormat convert(String text) {
            for (FrameFormat format : FrameFormat.values()) {
                if (format.toString().equals(text.toLowerCase(Locale.ROOT))) {
                    return format;
                }
            }
            throw new TypeConversionException("'" + text + "' is neither seekable nor casblob");
        }
    }
}
