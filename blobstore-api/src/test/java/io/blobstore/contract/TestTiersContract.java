package io.blobstore.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.platform.commons.annotation.Testable;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.HierarchyTraversalMode;
import org.junit.platform.commons.support.ReflectionSupport;

/**
 * Checks the build's tiers over all tests of a module, which subclasses this class: a test that the quick tier excludes
 * is represented there by another one, and only the two tags of the build are used.
 */
public abstract class TestTiersContract {
    /** The tag of the tests that run on a second JDK as well. */
    private static final String SECOND_JDK = "jdk";

    @Test
    void testsOutsideOfTheQuickTierAreRepresentedInIt() throws Exception {
        for (Class<?> type : classes()) {
            for (AnnotatedElement element : withMethods(type)) {
                if (!isCampaign(element)) {
                    continue;
                }
                Campaign campaign = AnnotationSupport.findAnnotation(element, Campaign.class)
                        .orElse(null);
                assertThat(campaign)
                        .as("%s is marked by @%s, not by the tag", element, Campaign.class.getSimpleName())
                        .isNotNull();
                Class<?> representative = campaign.representedBy();
                assertThat(runs(representative, type))
                        .as("%s represents %s: a test class that the build runs", representative, element)
                        .isTrue();
                assertThat(AnnotationSupport.findAnnotatedMethods(
                                representative, Testable.class, HierarchyTraversalMode.TOP_DOWN))
                        .as("tests of %s in the quick tier, for %s", representative, element)
                        .anyMatch(test -> !isCampaign(test));
            }
        }
    }

    @Test
    void onlyTheTagsOfTheBuildAreUsed() throws Exception {
        for (Class<?> type : classes()) {
            for (AnnotatedElement element : withMethods(type)) {
                assertThat(tags(element)).as("tags of %s", element).isSubsetOf(Campaign.TAG, SECOND_JDK);
            }
        }
    }

    /** Returns whether a class's tests run in the quick tier. Those of an abstract one do in its subclasses. */
    private static boolean runs(Class<?> representative, Class<?> represented) {
        boolean named =
                representative.getSimpleName().endsWith("Test") && !Modifier.isAbstract(representative.getModifiers());
        return (named || representative == represented) && !isCampaign(representative);
    }

    private static boolean isCampaign(AnnotatedElement element) {
        return tags(element).contains(Campaign.TAG);
    }

    private static List<String> tags(AnnotatedElement element) {
        return AnnotationSupport.findRepeatableAnnotations(element, Tag.class).stream()
                .map(Tag::value)
                .toList();
    }

    /** Returns all classes in the class path root of the subclass. */
    private List<Class<?>> classes() throws URISyntaxException {
        URI root =
                getClass().getProtectionDomain().getCodeSource().getLocation().toURI();
        List<Class<?>> classes =
                ReflectionSupport.findAllClassesInClasspathRoot(root, type -> !type.isAnnotation(), name -> true);
        assertThat(classes).as("classes in %s", root).contains(getClass());
        return classes;
    }

    private static List<AnnotatedElement> withMethods(Class<?> type) {
        List<AnnotatedElement> elements = new ArrayList<>(List.of(type));
        elements.addAll(List.of(type.getDeclaredMethods()));
        return elements;
    }
}
