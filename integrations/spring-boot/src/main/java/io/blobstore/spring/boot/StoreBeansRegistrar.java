package io.blobstore.spring.boot;

import io.blobstore.BlobStore;
import java.util.Map;
import org.springframework.beans.factory.config.ConstructorArgumentValues;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.ImportBeanDefinitionRegistrar;
import org.springframework.core.env.Environment;
import org.springframework.core.type.AnnotationMetadata;

/** Defines a bean for each store in the properties, under the store's name, unless there is a bean of that name. */
final class StoreBeansRegistrar implements ImportBeanDefinitionRegistrar {
    private static final Bindable<Map<String, BlobStoreProperties.Store>> STORES =
            Bindable.mapOf(String.class, BlobStoreProperties.Store.class);

    private final Environment environment;

    /** Called by Spring, with the environment. */
    StoreBeansRegistrar(Environment environment) {
        this.environment = environment;
    }

    @Override
    public void registerBeanDefinitions(AnnotationMetadata importing, BeanDefinitionRegistry registry) {
        Binder.get(environment).bind("blobstore.stores", STORES).orElse(Map.of()).keySet().stream()
                .filter(name -> !registry.containsBeanDefinition(name))
                .forEach(name -> registry.registerBeanDefinition(name, definition(name)));
    }

    /** Returns a definition by names alone, which ahead-of-time processing understands. */
    private static RootBeanDefinition definition(String name) {
        RootBeanDefinition definition = new RootBeanDefinition();
        definition.setTargetType(BlobStore.class);
        definition.setFactoryBeanName("blobStoreOpener");
        definition.setFactoryMethodName("open");
        ConstructorArgumentValues arguments = new ConstructorArgumentValues();
        arguments.addIndexedArgumentValue(0, name);
        definition.setConstructorArgumentValues(arguments);
        definition.setDestroyMethodName("close");
        return definition;
    }
}
