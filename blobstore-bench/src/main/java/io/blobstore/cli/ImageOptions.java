package io.blobstore.cli;

import io.blobstore.split.oci.OciImage;
import io.blobstore.split.oci.OciLayout;
import io.blobstore.split.oci.OciPlatform;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that name container images in a layout. */
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class ImageOptions {
    @Spec(Spec.Target.MIXEE)
    CommandSpec command;

    @Option(
            names = "--oci",
            paramLabel = "DIR",
            description = "Store the images of this OCI image layout, instead of a file.")
    @Nullable Path layout;

    @Option(
            names = "--image",
            paramLabel = "NAME",
            description = "Only the images with this name in the layout (org.opencontainers.image.ref.name).")
    @Nullable String image;

    @Option(
            names = "--platform",
            paramLabel = "OS/ARCH",
            description = "Only the images for this platform, such as linux/arm64. Default: all, except those for"
                    + " unknown/unknown, which are no images.")
    @Nullable String platform;

    /**
     * Opens the layout.
     *
     * @param wanted the name for the only image; null for the names that the layout gives
     * @return the images that were chosen, by the names that they get
     * @throws ParameterException if an option is wrong, or an image has no name
     */
    Map<String, OciImage> open(Path directory, @Nullable String wanted) throws IOException {
        Optional<OciPlatform> only = platform();
        List<OciImage> images = OciLayout.open(directory).images(Optional.ofNullable(image), only).stream()
                .filter(i -> only.isPresent() || i.platform().stream().noneMatch(OciPlatform::isUnknown))
                .toList();
        if (images.isEmpty()) {
            throw wrongUse("--oci: all images are for unknown/unknown; choose them by --platform");
        }
        if (wanted == null) {
            return named(images);
        }
        if (images.size() > 1) {
            throw wrongUse("--ref is for one image, but these are " + images.size()
                    + "; choose one by --image and --platform: " + list(images));
        }
        return Map.of(wanted, images.get(0));
    }

    private Optional<OciPlatform> platform() {
        try {
            return Optional.ofNullable(platform).map(OciPlatform::parse);
        } catch (IllegalArgumentException e) {
            throw wrongUse("--platform: " + e.getMessage());
        }
    }

    /** Names images; those with the same name get their platforms appended. */
    private Map<String, OciImage> named(List<OciImage> images) {
        Set<String> once = new HashSet<>();
        Set<String> repeated = new HashSet<>();
        for (OciImage i : images) {
            String name = i.name().orElseThrow(() -> wrongUse("the image " + i + " has no name; give one by --ref"));
            if (!once.add(name)) {
                repeated.add(name);
            }
        }
        Map<String, OciImage> named = new LinkedHashMap<>();
        for (OciImage i : images) {
            String name = i.name().orElseThrow();
            String full = repeated.contains(name)
                    ? name
                            + i.platform()
                                    .map(p -> "-" + p.toString().replace('/', '-'))
                                    .orElse("")
                    : name;
            if (named.put(full, i) != null) {
                throw wrongUse("several images are named '" + full + "': " + list(images));
            }
        }
        return named;
    }

    private static String list(List<OciImage> images) {
        List<String> texts = new ArrayList<>();
        images.stream().limit(10).forEach(i -> texts.add(i.toString()));
        return String.join(", ", texts) + (images.size() > 10 ? ", …" : "");
    }

    private ParameterException wrongUse(String problem) {
        return new ParameterException(command.commandLine(), ErrorLine.printable(problem));
    }
}
